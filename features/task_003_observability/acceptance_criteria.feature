@TASK-003
Feature: Monitoring & Observability Setup
  How a signal of the running system reaches the people who have to act on it.

  Background:
    Given the checkout system is deployed

  @TASK-003-AC-1 @needs-metrics @needs-logs @needs-traces
  Rule: Prometheus metrics collection configured

    # What has to be scraped is read from the cluster's objects, not from Prometheus. "every pod": of
    # that program, wherever it runs. Each page must have the metric, and Prometheus too. "or": it
    # depends on the cluster, which of them runs.
    Scenario: Everything that has metrics is scraped, and nothing else
      Given only these programs are to be scraped
        | job          | program           | scraped       | metric                                |
        | backend      | backend           | every pod     | http_requests_total                   |
        | database     | database          | every pod     | pg_up                                 |
        | ingress      | traefik           | every pod     | traefik_entrypoint_requests_total     |
        | certificates | cert-manager      | every pod     | certmanager_certificate_ready_status  |
        | prometheus   | prometheus        | every pod     | prometheus_tsdb_head_series           |
        | alertmanager | alertmanager      | every pod     | alertmanager_config_last_reload_successful |
        | node         | node-exporter     | every pod     | node_memory_MemAvailable_bytes        |
        | blackbox     | blackbox-exporter | every pod     | blackbox_exporter_config_last_reload_successful |
        | log-shipper  | rsyslog or fluent-bit | every pod | log_shipper_queue_limit_lines or fluentbit_storage_fs_chunks_down |
        | traces       | jaeger            | every pod     | otelcol_process_uptime_seconds_total  |
        | audit        | audit-exporter    | every pod     | audit_log_lines_read_total            |
        | kubelet      | kubelet           | every node    | kubelet_running_pods                  |
        | containers   | kubelet           | every node    | container_memory_working_set_bytes    |
        | resources    | kubelet           | every node    | node_memory_working_set_bytes         |
        | api-server   | API server        | the cluster   | apiserver_request_total               |
      When the operator asks Prometheus what it scrapes
      Then every program is scraped as it is to be
      And nothing else is scraped
      And every target has its metric
      And Prometheus has every series of the page of every target

    @changes-application @uses-cluster
    Scenario: Requests and checkouts are counted exactly
      Given the operator has noted what Prometheus has counted
      When visitors create, read and pay checkouts and make mistakes, a known number of times
      Then Prometheus has counted exactly these requests on every route
      And Prometheus has counted exactly these checkouts
      And the duration of every request was measured

    @changes-application @uses-cluster
    Scenario: A new replica is scraped within two intervals
      When the operator adds a backend pod
      Then Prometheus scrapes the new pod within two intervals of its being ready

  @TASK-003-AC-2 @needs-metrics
  Rule: Grafana dashboards created for application metrics

    # What is judged is what Grafana is given in the cluster, not the files. The unit of a metric follows
    # from its name, as Prometheus' naming rules have it.
    Scenario: The deployed dashboards are complete
      When the operator reads the dashboards that Grafana is given
      Then they are those of the repository
      And their data source is the Prometheus that watches the system
      And every panel has a description and thresholds
      And every panel has the unit of what it shows

    # An empty cell is that of the row above. A panel counts by its own queries, with the exact increase
    # of each counter in the place of its rate.
    @changes-application @changes-alerts @uses-cluster
    Scenario: Every panel answers and follows its traffic
      Given these panels count what visitors do
        | dashboard | panel                      | counts                                               |
        | Overview  | Requests                   | requests                                             |
        |           | Ratio of errors            | requests, failed requests                            |
        |           | Duration                   | requests                                             |
        |           | Checkouts                  | created checkouts, paid checkouts                    |
        |           | Refused changes            | refused changes                                      |
        | Backend   | Requests by route          | requests                                             |
        |           | Errors by route            | requests, failed requests                            |
        |           | Duration by route, p99     | requests                                             |
        |           | Requests by pod            | requests                                             |
        | Database  | Transactions               | transactions, rolled back transactions               |
        |           | Rows changed               | added rows, changed rows, deleted rows               |
        | Ingress   | Requests                   | requests                                             |
        |           | Requests by service        | requests                                             |
        |           | Ratio of errors by service | requests, failed requests                            |
        |           | Duration, p95              | requests                                             |
      And only these other panels may show zero
        | dashboard | panel                      | because                                              |
        | Overview  | Firing alerts              | no alert fires                                       |
        | Backend   | Waiting for a connection   | every request has a connection                       |
        |           | Burn rate                  | no error uses up a budget                            |
        | Database  | Deadlocks                  | no transaction blocks another                        |
        |           | Longest transaction        | no transaction is open                               |
        | Cluster   | Targets down               | Prometheus reaches every target                      |
        |           | Restarts                   | no container had to be started again                 |
        |           | Notifications that failed  | every alert was sent                                 |
      And the operator has noted what the dashboards count
      When visitors create, read and pay checkouts, make mistakes and meet errors, a known number of times
      Then every variable lists values, and each of them leads to data
      And every query of every panel has an answer
      And these panels have counted exactly what the visitors did
      And no other panel shows zero

    # Each panel that may show zero above. All of it happens at once, but for the last two rows.
    @changes-application @changes-alerts @uses-cluster
    Scenario: Panels that show zero on a sound system rise when something is wrong
      Given a receiver of this run gets every alert
      When each of these things is wrong for a while
        | dashboard | panel                     | what is wrong                                       |
        | Overview  | Firing alerts             | a backend pod does not serve its metrics            |
        | Cluster   | Targets down              | a backend pod does not serve its metrics            |
        |           | Restarts                  | a container has to be started again                 |
        | Database  | Deadlocks                 | two transactions wait for each other                |
        |           | Longest transaction       | a transaction stays open                            |
        | Backend   | Burn rate                 | the database refuses the backend its tables         |
        |           | Waiting for a connection  | more visitors wait than the backend has connections |
        | Cluster   | Notifications that failed | nobody takes what Alertmanager sends                |
      Then its panel rises meanwhile

    Scenario: Grafana serves the dashboards
      When the operator asks Grafana for its dashboards
      Then Grafana serves every deployed dashboard as it is deployed
      And Grafana reaches the Prometheus that watches the system

  @TASK-003-AC-3 @needs-logs
  Rule: ELK/EFK stack deployed for centralized logging

    @measures-time
    Scenario: Every line of a pod is found once and soon
      Given the log store has taken the lines of another pod
      When a pod writes 10,000 numbered lines
      Then the log store has each line once
      And 99 % of the lines were found within 5 seconds

    Scenario: A visitor's request is found by its id
      Given a visitor was served by a backend pod
      When the operator searches the log store for the id of the request
      Then its only entry is from this pod and has the fields of the pod's own line

    # Containers that only prepare a pod count too.
    Scenario: Every container that writes is in the log store
      When the operator looks for the last lines of every container
      Then the log store has a line of each, with the time at which it was written

    @uses-logs @uses-cluster
    Scenario: A stack trace and a long line are one entry each
      When a pod writes a stack trace and a long line
      Then the log store has each of them as one whole entry

    # rsyslog notices that nothing more comes only when no other pod has written for a second.
    @measures-time
    Scenario: A pod dies in the middle of a line
      When a pod writes numbered lines and dies in the middle of another
      Then the log store has each line once
      And the log store has the beginning of the broken line

    @uses-logs @uses-cluster
    Scenario: A log is rotated
      When a pod writes 10,000 numbered lines until its log is rotated
      Then the log store has each line once

    @changes-logs @uses-cluster
    Scenario: The log shipper is killed
      When a pod writes 10,000 numbered lines and the log shipper is killed meanwhile
      Then the log store has each line once

    # The disk is full: the store is told to take it for full, and closes its indices as it does then.
    # Slow: its processes stand still for 2 of every 2.5 seconds. Floods: 6,000 long lines a second.
    @changes-logs @uses-application @uses-cluster
    Scenario Outline: No line is lost and no visitor waits while <trouble>
      Given visitors are sending requests to the backend steadily
      When a pod writes 10,000 numbered lines while <trouble>
      Then the log store has each of these lines once
      And 99 % of these lines were found within <seconds> seconds
      And no visitor waited for the log

      Examples:
        | trouble                              | seconds |
        | the log store is away for 30 seconds | 180     |
        | the disk of the log store is full    | 240     |
        | the log store is slow                | 90      |
        | another pod floods the log           | 90      |

    # Then only the buffer of the shipper has them.
    @changes-logs @uses-cluster
    Scenario: Lines that wait for the log store outlive their pod and a replaced log shipper
      When a pod writes 2,000 numbered lines while the log store is away, and is removed when the shipper is replaced
      Then the log store has each line once

    @changes-logs @uses-cluster
    Scenario: Old logs are deleted every day, and younger ones are kept
      When the operator runs the deletion of old logs, with logs of 14 and of 15 days ago
      Then what is more than 14 days old is gone, and nothing else
      And the deletion runs every day

  @TASK-003-AC-4
  Rule: Application performance monitoring (APM) configured

    @needs-traces
    Scenario: A visitor's checkout is one trace from the browser to the database
      Given every backend pod records traces
      And a visitor has completed a checkout in the browser
      When the operator looks up the trace of the checkout
      Then all its calls are in one trace, from the browser through ingress and backend to the database
      And no span of the trace lacks its parent
      And each span lies within its parent, and the durations add up

    @needs-traces @changes-application @uses-traces @uses-cluster
    Scenario: A statement that the database refuses is marked in the trace
      Given every backend pod records traces
      And a visitor has a checkout with items
      And the database refuses to write payments
      When the visitor tries to pay the checkout
      Then the trace of the payment marks the refused statement and no other

    @needs-traces @changes-application @uses-traces @uses-cluster
    Scenario: A statement during which the connection is lost is marked in the trace
      Given every backend pod records traces
      And a visitor has a checkout with items
      And the database ends the session of whoever writes payments
      When the visitor tries to pay the checkout
      Then the trace of the payment marks the refused statement and no other

    # The first digits of an id decide which traces Jaeger keeps.
    @needs-traces
    Scenario: Every trace is kept, whatever its id
      Given every backend pod records traces
      When visitors bring trace ids with every first digit, and the lowest and the highest
      Then the trace of each of them is kept

    @needs-traces
    Scenario: A log line leads to the trace of its request
      Given every backend pod records traces
      And a visitor was served by the backend
      When the operator follows the log line of the request to its trace
      Then the trace has the span of this request in this pod

    @needs-traces @needs-metrics
    Scenario: A metric leads to the trace of a request that it counted
      Given every backend pod records traces
      When the operator follows the exemplar of a visitor's request to its trace
      Then the trace has the request that the metric counted

    # An empty cell is that of the row above. What is in brackets is on failed spans only.
    @needs-traces @changes-application @uses-traces @uses-cluster
    Scenario: Exactly the declared spans and attributes are recorded
      Given every backend pod records traces
      And a visitor has completed a checkout in the browser
      And another visitor has cancelled a checkout in the browser
      And a visitor has a checkout with items
      And the database refuses to write payments
      And a visitor has tried to pay it in vain
      When the operator collects the traces of all these visits
      Then they have exactly these spans, with these attributes:
        | service          | span                                           | attributes                                                                                                                                                                                                                                          |
        | checkout-browser | checkout                                       | checkout.outcome                                                                                                                                                                                                                                    |
        |                  | create checkout                                | http.request.method, http.response.status_code, url.template                                                                                                                                                                                        |
        |                  | read checkout                                  |                                                                                                                                                                                                                                                     |
        |                  | list checkouts                                 |                                                                                                                                                                                                                                                     |
        |                  | add item                                       |                                                                                                                                                                                                                                                     |
        |                  | pay                                            |                                                                                                                                                                                                                                                     |
        |                  | cancel                                         |                                                                                                                                                                                                                                                     |
        | ingress          | GET                                            | client.address, client.port, entry_point, http.request.body.size, http.request.method, http.response.status_code, network.peer.address, network.peer.port, network.protocol.version, server.address, url.path, url.query, url.scheme, user_agent.original |
        |                  | POST                                           |                                                                                                                                                                                                                                                     |
        |                  | ReverseProxy                                   | http.request.method, http.response.status_code, network.peer.address, network.peer.port, network.protocol.version, server.address, server.port, url.full, url.scheme, user_agent.original                                                           |
        | checkout-backend | POST /api/checkouts                            | request.id, http.request.method, http.route, http.response.status_code                                                                                                                                                                              |
        |                  | GET /api/checkouts                             |                                                                                                                                                                                                                                                     |
        |                  | GET /api/checkouts/{checkout_id}               |                                                                                                                                                                                                                                                     |
        |                  | POST /api/checkouts/{checkout_id}/items        |                                                                                                                                                                                                                                                     |
        |                  | POST /api/checkouts/{checkout_id}/cancellation |                                                                                                                                                                                                                                                     |
        |                  | POST /api/checkouts/{checkout_id}/payment      | request.id, http.request.method, http.route, http.response.status_code, (error.type)                                                                                                                                                                |
        |                  | connection                                     | db.system.name, db.namespace, server.address, server.port                                                                                                                                                                                           |
        |                  | COMMIT                                         | db.system.name, db.namespace, server.address, server.port, db.operation.name, db.query.text                                                                                                                                                         |
        |                  | SELECT checkouts                               | db.system.name, db.namespace, server.address, server.port, db.operation.name, db.query.text, db.collection.name                                                                                                                                     |
        |                  | INSERT checkouts                               |                                                                                                                                                                                                                                                     |
        |                  | UPDATE checkouts                               |                                                                                                                                                                                                                                                     |
        |                  | SELECT items                                   |                                                                                                                                                                                                                                                     |
        |                  | INSERT items                                   |                                                                                                                                                                                                                                                     |
        |                  | SELECT payments                                |                                                                                                                                                                                                                                                     |
        |                  | INSERT payments                                | db.system.name, db.namespace, server.address, server.port, db.operation.name, db.query.text, db.collection.name, (error.type)                                                                                                                       |
      And no span holds what a visitor typed

    @needs-traces
    Scenario: Nobody outside records spans in the name of a program
      When a visitor sends a span as the backend and one as a browser
      Then only the span of the browser is recorded

  @TASK-003-AC-5 @needs-metrics
  Rule: Alerting rules configured for critical issues

    @uses-repository
    Scenario: The rules and routes of the repository are tested
      When the operator runs the unit tests of the rules
      Then the unit tests of each rule pass
      And rules and routes are what their source gives, for production too

    # The log shipper of production is another program, whose metrics are not here.
    @needs-logs
    Scenario: The rules are loaded, and each of them can fire
      Given visitors are sending requests to the backend steadily
      And the operator has followed the runbook to back up
      When the operator reads the rules of Prometheus
      Then they are the rules of the repository, and can be evaluated
      And Alertmanager has the routes of the repository
      And an alert fires for every job that finds nothing to scrape
      And each alert says what is wrong, how bad it is, and where to read what to do
      And each alert that fires is passed on to Alertmanager as it is
      And exactly these alerts are critical:
        | alert                    |
        | SiteUnreachable          |
        | VolumeFilling            |
        | CertificateNearEnd       |
        | BackupTooOld             |
        | TargetDown               |
        | TargetMissing            |
        | ErrorBudgetBurn read     |
        | ErrorBudgetBurn change   |
        | LatencyBudgetBurn read   |
        | LatencyBudgetBurn change |
        | NoReadyBackend           |
        | DatabaseAway             |
      And each metric that they read is measured, but for these:
        | metric                           | measured where |
        | fluentbit_storage_fs_chunks_down | production     |

    @disturbing
    Scenario: Nothing fires while visitors use the sound system
      Given a receiver of this run gets every alert
      And visitors are sending requests to the backend steadily
      And the operator has followed the runbook to back up
      When visitors use the sound system
      Then nothing but the dead man's switch fires or arrives

    # "measured": how long after the cause its measure changes, beside the scrape interval. Prometheus
    # misses a target that has gone after two intervals.
    @changes-application @changes-alerts @uses-cluster @TASK-003-DOD-3
    Scenario: Alerts about single programs are followed from their cause to their end
      Given a receiver of this run gets every alert
      When each of these causes is brought about and cured
        | alert              | cause                                    | receivers          | measured |
        | SiteUnreachable    | no frontend pod runs                     | critical           | 0 s      |
        | VolumeFilling      | a volume is written full                 | critical           | 10 s     |
        | CertificateNearEnd | a certificate is issued for an hour only | critical, security | 0 s      |
        | BackupTooOld       | the last backup is 30 hours old          | critical           | 0 s      |
        | TargetDown         | a backend pod does not serve its metrics | critical           | 2 s      |
        | TargetMissing      | no node exporter runs                    | critical           | 10 s     |
      Then each alert arrived at its receivers and at no others
      And each alert arrived as soon as its rule and its route allow
      And its receivers were told when it was cured

    @changes-application @changes-alerts @uses-cluster @TASK-003-DOD-3
    Scenario: Alerts about service levels are followed from their cause to their end
      Given a receiver of this run gets every alert
      When each of these causes is brought about and cured
        | alert                    | cause                                       | receivers | measured |
        | ErrorBudgetBurn read     | the database refuses the backend its tables | critical  | 5 s      |
        | ErrorBudgetBurn change   | the database refuses the backend its tables | critical  | 5 s      |
        | LatencyBudgetBurn read   | the database answers late                   | critical  | 5 s      |
        | LatencyBudgetBurn change | the database answers late                   | critical  | 5 s      |
      Then each alert arrived at its receivers and at no others
      And each alert arrived as soon as its rule and its route allow
      And its receivers were told when it was cured

    @changes-application @changes-alerts @uses-cluster @TASK-003-DOD-3
    Scenario: Alerts about outages are followed from their cause to their end
      Given a receiver of this run gets every alert
      When each of these causes is brought about and cured
        | alert          | cause                     | receivers | measured |
        | NoReadyBackend | no backend pod runs       | critical  | 10 s     |
        | DatabaseAway   | the database does not run | critical  | 10 s     |
      Then each alert arrived at its receivers and at no others
      And each alert arrived as soon as its rule and its route allow
      And its receivers were told when it was cured

    @changes-alerts @uses-cluster
    Scenario: Alerts of one group arrive together
      Given a receiver of this run gets every alert
      When three alerts of one group are sent at once
      Then they arrive in one notification

    @changes-alerts @uses-cluster
    Scenario: A silenced alert arrives after its silence
      Given a receiver of this run gets every alert
      When the alert of one pod is silenced for a while
      Then it arrives only after that, and the alert of another pod at once

    # A real outage would keep quiet what is sent here.
    @changes-alerts @uses-metrics @uses-cluster
    Scenario: What a known cause makes fail is quiet meanwhile
      Given a receiver of this run gets every alert
      And these alerts keep others quiet
        | first                                           | second                                                              |
        | alertname=NoReadyBackend                        | alertname=ErrorBudgetBurn                                           |
        | alertname=NoReadyBackend                        | alertname=LatencyBudgetBurn                                         |
        | alertname=NoReadyBackend                        | alertname=SiteUnreachable, endpoint=API                             |
        | alertname=NoReadyBackend                        | alertname=EndpointDown, endpoint=backend /readyz, severity=warning  |
        | alertname=NoReadyBackend                        | alertname=EndpointDown, endpoint=backend /healthz, severity=warning |
        | alertname=DatabaseAway                          | alertname=NoReadyBackend                                            |
        | alertname=DatabaseAway                          | alertname=ErrorBudgetBurn                                           |
        | alertname=DatabaseAway                          | alertname=LatencyBudgetBurn                                         |
        | alertname=ErrorBudgetBurn, route_group=read     | alertname=ErrorBudgetBurn, route_group=read, severity=warning       |
        | alertname=ErrorBudgetBurn, route_group=change   | alertname=ErrorBudgetBurn, route_group=change, severity=warning     |
        | alertname=LatencyBudgetBurn, route_group=read   | alertname=LatencyBudgetBurn, route_group=read, severity=warning     |
        | alertname=LatencyBudgetBurn, route_group=change | alertname=LatencyBudgetBurn, route_group=change, severity=warning   |
      When the first alert of each row is sent with the second
      Then the second arrives only after the end of the first
      And by the rules of Alertmanager, no other alert can keep one quiet

    # A real outage would keep quiet what is sent here.
    @changes-alerts @uses-metrics @uses-cluster
    Scenario: What has another cause arrives meanwhile
      Given a receiver of this run gets every alert
      When the second alert of each row is sent while the first fires
        | first                                    | second                                                               |
        | alertname=NoReadyBackend                 | alertname=SiteUnreachable, endpoint=page                             |
        | alertname=NoReadyBackend                 | alertname=EndpointDown, endpoint=frontend /healthz, severity=warning |
        | alertname=NoReadyBackend                 | alertname=VolumeFilling                                              |
        | alertname=NoReadyBackend                 | alertname=TargetDown                                                 |
        | alertname=DatabaseAway                   | alertname=SiteUnreachable, endpoint=page                             |
        | alertname=DatabaseAway                   | alertname=BackupTooOld                                               |
        | alertname=ErrorBudgetBurn, sloth_id=read | alertname=ErrorBudgetBurn, sloth_id=change, severity=warning         |
        | alertname=ErrorBudgetBurn, sloth_id=read | alertname=LatencyBudgetBurn, sloth_id=read, severity=warning         |
      Then the second arrives meanwhile

    @changes-metrics @changes-alerts @uses-cluster
    Scenario Outline: Somebody outside is told when <what>
      Given a receiver of this run gets every alert
      When for a while <what>
      Then somebody outside is told within two intervals of the last sign of life
      And after the repair there are signs of life again

      Examples:
        | what                                       |
        | Prometheus does not run                    |
        | Alertmanager does not run                  |
        | Alertmanager may connect to nobody outside |

  @TASK-003-AC-6 @needs-metrics
  Rule: Health check endpoints monitored

    # The endpoints are read from the cluster's objects: every path that a kubelet probes, of each pod,
    # and every path that the Ingress publishes.
    Scenario: Every health endpoint is probed and healthy
      When the operator asks Prometheus for its probes of endpoints
      Then every health endpoint of each pod is probed
      And every path that visitors use is probed through the ingress
      And every probe succeeds, and has done so in the last two intervals

    @changes-application @uses-cluster
    Scenario Outline: Only the probes of <broken> fail when it does
      When the operator breaks <broken>
      Then only the probes of <broken> fail, within two intervals
      And they succeed again after it is repaired

      Examples:
        | broken            |
        | the database      |
        | one frontend pod  |

    # The prober of the system asks, with everything that Prometheus tells it for any of its probes. The
    # endpoint answers with each status of a kind in turn.
    @changes-metrics @uses-cluster
    Scenario: A probe succeeds for good answers only
      When an endpoint of this run is probed as every other, and answers in each of these ways
        | answer                           | probe    |
        | a page                           | succeeds |
        | a redirect to the page           | fails    |
        | an error of the client           | fails    |
        | an error of the server           | fails    |
        | a certificate that nobody trusts | fails    |
        | no answer                        | fails    |
      Then every probe of it succeeded or failed as it is to
      And the endpoint was asked each time
