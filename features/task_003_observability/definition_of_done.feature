@TASK-003
Feature: What is done before the observability counts as done
  How a team can rely on its monitoring at night.

  Background:
    Given the checkout system is deployed

  @TASK-003-DOD-1 @needs-metrics @needs-logs @needs-traces
  Rule: Monitoring stack deployed and operational

    Scenario: Every program of the monitoring runs as the repository says
      When the operator compares the monitoring with what the repository has for this cluster
      Then every program of the repository runs, with its images and all of its pods
      And no other program runs in the namespaces of the monitoring
      And none of them is being started again

    # What is repeated later than it is forgotten would be told too often.
    Scenario: What was measured and told is kept as long as is promised
      When the operator asks the programs of the monitoring for how long they keep what they have
      Then they keep it for so long or longer, and an alert until it is repeated:
        | program      | what it keeps               | days |
        | prometheus   | what was measured           | 15   |
        | alertmanager | silences, and what was sent | 5    |

    # Killed: by a signal that cannot be caught. Then the pod is replaced, unless only a container is
    # named. A program that this cluster does not have is skipped; one that has no row is a failure.
    # "or": it depends on the cluster, which of them runs. "nothing": it measures anew when it is asked.
    @disturbing
    Scenario: Each program of the monitoring is killed, and what it keeps is not lost
      Given a receiver of this run gets every alert
      And one alert has arrived there, and another one is silenced
      And every backend pod records traces
      And the operator has noted what Prometheus has counted
      And visitors make checkouts over and over
      And the operator has noted what Prometheus has measured
      And an account is refused over and over
      And a pod is writing numbered lines
      And visitors are sending requests to the backend steadily
      When each of these programs is killed
        | program                     | what is killed               | what must not be lost            |
        | jaeger                      | its pod                      | visitors' time, later traces     |
        | rsyslog or fluent-bit       | its pod                      | lines                            |
        | opensearch or elasticsearch | its pod                      | lines                            |
        | prometheus                  | its pod                      | what was measured and counted    |
        | alertmanager                | its pod                      | silences, and what was sent      |
        | audit-exporter              | its container audit-exporter | refused requests                 |
        | database                    | its container metrics        | nothing                          |
        | node-exporter               | its pod                      | nothing                          |
        | blackbox-exporter           | its pod                      | nothing                          |
        | grafana                     | its pod                      | nothing                          |
        | kibana                      | its pod                      | nothing                          |
      Then every visitor request was answered
      And no visitor waited for Jaeger while it was away
      And Prometheus has what it had measured before
      And Prometheus has counted every checkout and every request for one
      And the silence still holds, and the alert that had arrived is not sent again
      And the log store has every line of the pod once
      And every refused request is counted once
      And every program that was scraped is scraped again within three intervals
      And a checkout that is made afterwards is one whole trace

  @TASK-003-DOD-2 @needs-metrics
  Rule: All critical metrics being collected

    # "label": one that each series has, or of which the series with this value count. "one for each": what
    # has to have a series of its own, by the cluster's objects.
    @changes-application @uses-cluster
    Scenario: Every critical metric is collected, and none beside
      Given visitors have met errors of the server
      And visitors are sending requests to the backend steadily
      And the operator has followed the runbook to back up
      When the operator looks for these metrics while visitors come
        | of           | signal     | job          | metric                                               | label                 | one for each |
        | backend      | traffic    | backend      | http_requests_total                                  | route                 | pod          |
        | backend      | errors     | backend      | http_requests_total                                  | status=5..            |              |
        | backend      | latency    | backend      | http_request_duration_seconds_bucket                 | le                    | pod          |
        | backend      | saturation | backend      | database_requests_waiting                            |                       | pod          |
        | backend      | saturation | backend      | database_pool_available                              |                       | pod          |
        | backend      | saturation | backend      | database_pool_size                                   |                       | pod          |
        | backend      | business   | backend      | checkouts_created_total                              |                       | pod          |
        | backend      | business   | backend      | checkouts_paid_total                                 |                       | pod          |
        | backend      | business   | backend      | checkouts_failed_total                               | reason                | pod          |
        | frontend     | traffic    | ingress      | traefik_service_requests_total                       | service=.*frontend.*  |              |
        | frontend     | errors     | ingress      | traefik_service_requests_total                       | code                  |              |
        | frontend     | latency    | ingress      | traefik_service_request_duration_seconds_bucket      | service=.*frontend.*  |              |
        | frontend     | saturation | containers   | container_memory_working_set_bytes                   | pod=frontend-.*       | pod          |
        | database     | traffic    | database     | pg_stat_database_xact_commit                         | datname               | pod          |
        | database     | errors     | database     | pg_stat_database_xact_rollback                       | datname               | pod          |
        | database     | latency    | database     | pg_stat_database_blk_read_time                       | datname               | pod          |
        | database     | saturation | database     | pg_stat_activity_count                               | state                 | pod          |
        | ingress      | traffic    | ingress      | traefik_entrypoint_requests_total                    | code                  |              |
        | ingress      | errors     | ingress      | traefik_entrypoint_requests_total                    | code=5..              |              |
        | ingress      | latency    | ingress      | traefik_entrypoint_request_duration_seconds_bucket   | le                    |              |
        | node         | saturation | node         | node_memory_MemAvailable_bytes                       |                       | node         |
        | node         | saturation | node         | node_filesystem_avail_bytes                          | device                | node         |
        | node         | saturation | node         | node_cpu_seconds_total                               | mode=idle             | node         |
        | volume       | saturation | kubelet      | kubelet_volume_stats_available_bytes                 | persistentvolumeclaim | claim        |
        | certificate  | expiry     | certificates | certmanager_certificate_expiration_timestamp_seconds | name                  | certificate  |
        | backup       | age        | database     | backup_last_success_timestamp_seconds                |                       |              |
        | audit log    | security   | audit        | audit_log_lines_read_total                           |                       |              |
        | any endpoint | health     | endpoints    | probe_success                                        | endpoint              |              |
      Then each metric is there, and one for each that has to have its own
      And the traffic of every workload rises
      And every workload has all four golden signals
      And the backend exports no metric that the table does not name

    @changes-application @uses-cluster
    Scenario: The metrics tell when the backend has no connection left
      When more visitors wait than the backend has connections
      Then each backend pod says that none is free and some wait, and afterwards that all are free

  # That alerts arrive is proved by the scenarios of TASK-003-AC-5 that have this item's tag.
  @TASK-003-DOD-3 @needs-metrics
  Rule: Alerting tested and functional

    @uses-repository
    Scenario: The tests of the critical rules notice what breaks a rule
      When the operator breaks a copy of each critical rule in each of these ways
        | way                                       |
        | a metric that it reads was renamed        |
        | a label value that it selects was renamed |
        | one of its alternatives was lost          |
        | it waits ten times as long                |
        | it does not wait                          |
        | it is a warning                           |
        | one of its numbers is ten times as high   |
        | one of its numbers is a tenth             |
      Then every critical rule has tests, which pass while it is whole
      And they fail, and name the alert, whatever is broken

  @TASK-003-DOD-4 @needs-metrics @needs-logs
  Rule: Runbooks created for common issues

    # "followed": the marks of the commands that are followed beside the diagnosis.
    Scenario: Every alert has a page that says everything
      Given visitors are sending requests to the backend steadily
      And the operator has followed the runbook to back up
      When the operator reads the page of every alert
      Then each page says everything that somebody on call needs
      And no two say the same, and each is about its own alert
      And each says how soon somebody answers, as the on-call page does
      And each says the thresholds of its alert in production
      And each of their queries selects something
      And there is no page of an alert that does not exist
      And these are all alerts, and the page of each is followed below, or it says why not:
        | alert                  | followed | not followed, because                                              |
        | NoReadyBackend         | cure     |                                                                    |
        | SiteUnreachable        | cure     |                                                                    |
        | EndpointDown           | cure     |                                                                    |
        | DatabaseAway           | cure     |                                                                    |
        | ErrorBudgetBurn        | undo     |                                                                    |
        | LatencyBudgetBurn      | cure     |                                                                    |
        | VolumeFilling          | cure     |                                                                    |
        | DiskFilling            |          | the whole disk of the machine that runs this would have to be full |
        | LogShipperQueueFilling | cure     |                                                                    |
        | CertificateNearEnd     | cure     |                                                                    |
        | BackupTooOld           | cure     |                                                                    |
        | BackupUnknown          | cure     |                                                                    |
        | CrashLoop              | undo     |                                                                    |
        | TargetDown             | cure     |                                                                    |
        | TargetMissing          | cure     |                                                                    |
        | DeadMansSwitch         | cure     |                                                                    |
        | AccessDeniedSpike      | cure     |                                                                    |
        | SecretRead             | cure     |                                                                    |
      And the diagnosis of a page that is not followed can be run, and shows something
      And no command that is not followed can do harm

    # "shows": what the diagnosis has to show, as a pattern, beside the labels of the alert. "commands": the
    # mark of the commands on the page that cure this cause. What was broken last is cured first.
    @changes-application @changes-logs @uses-cluster
    Scenario: The pages about single programs lead to the cause and cure it
      When each of these causes is brought about, and the page of its alert is followed
        | alert                  | cause                                        | shows                     | commands |
        | SiteUnreachable        | no frontend pod runs                         | frontend +0/0             | cure     |
        | EndpointDown           | a backend pod hangs                          | endpoint                  | cure     |
        | TargetDown             | a backend pod does not serve its metrics     | connection refused        | cure     |
        | TargetMissing          | no node exporter runs                        | node-exporter +0 +0       | cure     |
        | VolumeFilling          | a volume is written full                     | forgotten.dump            | cure     |
        | CertificateNearEnd     | a certificate is issued for an hour only     | Not After                 | cure     |
        | BackupTooOld           | the last backup is 30 hours old              | "1[01]\d{4}             | cure     |
        | LogShipperQueueFilling | the log store does not run                   | (opensearch\|search) +0/0 | cure     |
        | ErrorBudgetBurn        | a release of the backend answers with errors | does not exist            | undo     |
      Then the diagnosis of each page shows the cause while the alert fires
      And the cure of each page ends its alert
      And everything else is there and watched as before

    @changes-application @uses-cluster
    Scenario: The pages about crashes and accounts lead to the cause and cure it
      When each of these causes is brought about, and the page of its alert is followed
        | alert             | cause                                     | shows                 | commands |
        | BackupUnknown     | no backup is recorded                     | \(0 rows\)            | cure     |
        | SecretRead        | an account reads a Secret again and again | get                   | cure     |
        | AccessDeniedSpike | an account is refused again and again     | pods                  | cure     |
        | CrashLoop         | a release of the backend crashes          | "exitCode":3          | undo     |
      Then the diagnosis of each page shows the cause while the alert fires
      And the cure of each page ends its alert
      And everything else is there and watched as before

    # The alert ends when one request of a hundred is slow at most: a busy machine would keep it up.
    @changes-application @uses-cluster @measures-time
    Scenario: The page about slowness leads to the cause and cures it
      When each of these causes is brought about, and the page of its alert is followed
        | alert             | cause                     | shows                 | commands |
        | LatencyBudgetBurn | the database answers late | the tables are locked | cure     |
      Then the diagnosis of each page shows the cause while the alert fires
      And the cure of each page ends its alert
      And everything else is there and watched as before

    @changes-application @uses-cluster
    Scenario: The pages about outages lead to the cause and cure it
      When each of these causes is brought about, and the page of its alert is followed
        | alert          | cause                     | shows         | commands |
        | NoReadyBackend | no backend pod runs       | backend +0/0  | cure     |
        | DatabaseAway   | the database does not run | database +0/0 | cure     |
      Then the diagnosis of each page shows the cause while the alert fires
      And the cure of each page ends its alert
      And everything else is there and watched as before

    @changes-metrics @uses-cluster
    Scenario: The page about silence leads to the cause and cures it
      When each of these causes is brought about, and the page of its alert is followed
        | alert          | cause                   | shows           | commands |
        | DeadMansSwitch | Prometheus does not run | prometheus +0/0 | cure     |
      Then the diagnosis of each page shows the cause while the alert fires
      And the cure of each page ends its alert
      And everything else is there and watched as before

  # A machine can read the page. That people agreed to be called is signed by the on-call lead.
  @TASK-003-DOD-5 @needs-metrics
  Rule: On-call procedures documented

    Scenario: The on-call page is complete, and answers every severity
      When the operator reads the on-call page
      Then it says everything that somebody on call needs
      And every severity of an alert is answered in time

    Scenario: The on-call page says where Alertmanager sends each alert
      Given the operator has read the on-call page
      When the operator compares its routes with Alertmanager's
      Then Alertmanager sends each alert where the page says
      And the page says where every alert goes

    @changes-alerts @uses-cluster
    Scenario: The contact check arrives
      Given a receiver of this run gets every alert
      And the operator has read the on-call page
      When the operator makes the contact check as the page says
      Then it arrives at the receiver of each severity
