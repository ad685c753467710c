#!/usr/bin/perl
# Serves the last statistics of rsyslog's queue as metrics, on port 9108.
use strict;
use warnings;
use IO::Socket::INET;

my ($lines, $failed, $limit) = (0, 0, $ENV{QUEUE_LINES});
my $server = IO::Socket::INET->new(LocalPort => 9108, Listen => 16, ReuseAddr => 1) or die "port 9108: $!";
$SIG{PIPE} = 'IGNORE';
while (my $client = $server->accept) {
    my $request = '';
    # Whoever connects and says nothing must not keep others waiting.
    eval {
        local $SIG{ALRM} = sub { die "late\n" };
        alarm 2;
        $request = <$client> // '';
        while (defined(my $header = <$client>)) { last if $header =~ /^\r?$/ }
        alarm 0;
        1;
    } or do { close $client; next };
    # The liveness probe empties the file: then the last known number counts.
    if (open my $statistics, '<', '/run/rsyslog/statistics') {
        while (<$statistics>) {
            $lines = $1 if /"name": "pods", .*"size": (\d+)/;
            $failed = $1 if /"failed.es": (\d+)/;
        }
    }
    # Single lines, or whole requests.
    my $refused = -s '/run/rsyslog/refused' || $failed ? 1 : 0;
    my $body = $request =~ m{^GET /metrics } ? <<"END" : "metrics are at /metrics\n";
# HELP log_shipper_queue_lines Lines that wait in the queue of the shipper.
# TYPE log_shipper_queue_lines gauge
log_shipper_queue_lines $lines
# HELP log_shipper_queue_limit_lines Lines that the queue can hold.
# TYPE log_shipper_queue_limit_lines gauge
log_shipper_queue_limit_lines $limit
# HELP log_shipper_refused Whether the store has refused lines, which are then sent again.
# TYPE log_shipper_refused gauge
log_shipper_refused $refused
END
    print $client "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n",
        "Content-Length: ", length $body, "\r\n\r\n", $body;
    close $client;
}
