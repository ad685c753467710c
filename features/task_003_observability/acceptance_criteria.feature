@TASK-003
Feature: Monitoring & Observability Setup
  How a signal of the running system reaches the people who have to act on it.

  Background:
    Given the checkout system is deployed

  @TASK-003-AC-1 @needs-metrics
  Rule: Prometheus metrics collection configured

    # What has to be scraped is read from the cluster's objects, not from Prometheus. "every pod": of
    # that program, wherever it runs. Each page must have the metric, and Prometheus too.
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
        | kubelet      | kubelet           | every node    | kubelet_running_pods                  |
        | containers   | kubelet           | every node    | container_memory_working_set_bytes    |
        | resources    | kubelet           | every node    | node_memory_working_set_bytes         |
        | api-server   | API server        | the cluster   | apiserver_request_total               |
      When the operator asks Prometheus what it scrapes
      Then every program is scraped as it is to be
      And nothing else is scraped
      And every target has its metric

    @disturbing
    Scenario: Requests and checkouts are counted exactly
      Given the operator has noted what Prometheus has counted
      When visitors create, read and pay checkouts and make mistakes, a known number of times
      Then Prometheus has counted exactly these requests on every route
      And Prometheus has counted exactly these checkouts
      And the duration of every request was measured

    @disturbing
    Scenario: A new replica is scraped within two intervals
      When the operator adds a backend pod
      Then Prometheus scrapes the new pod within two intervals of its being ready

  @TASK-003-AC-6 @needs-metrics
  Rule: Health check endpoints monitored

    # The endpoints are read from the cluster's objects: every path that a kubelet probes, of each pod,
    # and every path that the Ingress publishes.
    Scenario: Every health endpoint is probed and healthy
      When the operator asks Prometheus for its probes of endpoints
      Then every health endpoint of each pod is probed
      And every path that visitors use is probed through the ingress
      And every probe succeeds, and has done so in the last two intervals

    @disturbing
    Scenario Outline: Only the probes of <broken> fail when it does
      When the operator breaks <broken>
      Then only the probes of <broken> fail, within two intervals
      And they succeed again after it is repaired

      Examples:
        | broken            |
        | the database      |
        | one frontend pod  |
