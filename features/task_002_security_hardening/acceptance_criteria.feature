@TASK-002
Feature: Production Security Hardening
  What the running system must withstand before the team says that it is hardened.

  Background:
    Given the checkout system is deployed

  @TASK-002-AC-1
  Rule: Network policies implemented for pod-to-pod communication

    # A row is a source, a column a destination. "yes": on the ports that its Service exposes, and no
    # other. "all": on every port. "no": on none. "-": not judged, because it is the same pod or no
    # policy can decide it. "staging" pods are under the policies of the staging overlay; "elsewhere"
    # is a pod in a namespace without policies.
    @disturbing
    Scenario: Every pod reaches what it needs and nothing else
      Given only these connections are planned
        | from                   | frontend | backend | database | unlabelled pod | staging frontend | staging backend | staging database | staging unlabelled pod | ingress | DNS | elsewhere | API server | node | outside |
        | frontend               | no       | no      | no       | no             | no               | no              | no               | no                     | no      | no  | no        | no         | no   | no      |
        | backend                | no       | no      | yes      | no             | no               | no              | no               | no                     | no      | yes | no        | no         | no   | no      |
        | database               | no       | no      | -        | no             | no               | no              | no               | no                     | no      | no  | no        | no         | no   | no      |
        | unlabelled pod         | no       | no      | no       | -              | no               | no              | no               | no                     | no      | no  | no        | no         | no   | no      |
        | staging frontend       | no       | no      | no       | no             | no               | no              | no               | no                     | no      | no  | no        | no         | no   | no      |
        | staging backend        | no       | no      | no       | no             | no               | no              | yes              | no                     | no      | yes | no        | no         | no   | no      |
        | staging database       | no       | no      | no       | no             | no               | no              | -                | no                     | no      | no  | no        | no         | no   | no      |
        | staging unlabelled pod | no       | no      | no       | no             | no               | no              | no               | -                      | no      | no  | no        | no         | no   | no      |
        | ingress                | yes      | yes     | no       | no             | yes              | yes             | no               | no                     | -       | yes | all       | yes        | no   | no      |
        | DNS                    | no       | no      | no       | no             | no               | no              | no               | no                     | no      | -   | no        | yes        | no   | no      |
        | elsewhere              | no       | no      | no       | no             | no               | no              | no               | no                     | yes     | yes | -         | yes        | all  | yes     |
        | node                   | all      | all     | all      | all            | all              | all             | all              | all                    | all     | all | all       | yes        | -    | yes     |
        | outside                | no       | no      | no       | no             | no               | no              | no               | no                     | yes     | no  | all       | yes        | -    | -       |
      And probes beside all pods connect to everything while no policy forbids it
      When every probe tries to connect to every other, to the cluster and to the outside
      Then every planned connection succeeds
      And no other connection succeeds, and no packet of one arrives
      And every attempt ends as the network policies say

    # The programs that watch the system, and who else has to do with them. The words are those above,
    # and a cell may name its ports: "4318", and no other. What no Service leads to exposes the ports
    # that it declares. "log shipper" and "log store" are whichever programs the cluster has for that.
    # "Prometheus elsewhere" is a pod with the labels of Prometheus in a namespace without policies.
    # "-" is also what the table above has.
    #
    # Only its cluster knows where the API server is, so who may connect to it may use its ports at any
    # address. Alertmanager may use port 443 in the same way, for receivers. The column "elsewhere" shows
    # that; the outside is tried at ports that the kernel chooses. No program is on the network of its
    # node, where no policy could restrict it. "log retention" is a job that OpenSearch needs, and Kibana shows
    # what is in Elasticsearch: with the other log store nothing is missing without them, nor without Grafana.
    @disturbing @needs-metrics @needs-logs @needs-traces
    Scenario: Every program of the monitoring reaches what it needs and nothing else
      Given only these connections are planned
        | from                      | Prometheus | Alertmanager | blackbox exporter | node exporter | audit exporter | log shipper | log store | log retention | Jaeger    | Grafana | Kibana | monitoring unlabelled pod | agents unlabelled pod | frontend | backend | database | staging backend | cert-manager | ingress   | DNS | elsewhere      | API server | node  | outside |
        | Prometheus                | -          | yes          | yes               | yes           | yes            | yes         | no        | no            | 8888      | no      | no     | no                        | no                    | no       | yes     | 9187     | no              | 9402         | 8080      | yes | 443 6443 10250 | yes        | 10250 | no      |
        | Alertmanager              | no         | -            | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | yes | 443            | no         | no    | no      |
        | blackbox exporter         | yes        | yes          | -                 | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | yes      | yes     | no       | no              | 9403         | 8080 8443 | yes | no             | no         | no    | no      |
        | node exporter             | no         | no           | no                | -             | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | no  | no             | no         | no    | no      |
        | audit exporter            | no         | no           | no                | no            | -              | no          | no        | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | no  | no             | no         | no    | no      |
        | log shipper               | no         | no           | no                | no            | no             | -           | yes       | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | yes | no             | no         | no    | no      |
        | log store                 | no         | no           | no                | no            | no             | no          | -         | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | no  | no             | no         | no    | no      |
        | log retention             | no         | no           | no                | no            | no             | no          | yes       | -             | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | yes | no             | no         | no    | no      |
        | Jaeger                    | no         | no           | no                | no            | no             | no          | no        | no            | -         | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | no  | no             | no         | no    | no      |
        | Grafana                   | yes        | no           | no                | no            | no             | no          | no        | no            | 16686     | -       | no     | no                        | no                    | no       | no      | no       | no              | no           | no        | yes | no             | no         | no    | no      |
        | Kibana                    | no         | no           | no                | no            | no             | no          | yes       | no            | no        | no      | -      | no                        | no                    | no       | no      | no       | no              | no           | no        | yes | no             | no         | no    | no      |
        | monitoring unlabelled pod | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | -                         | no                    | no       | no      | no       | no              | no           | no        | no  | no             | no         | no    | no      |
        | agents unlabelled pod     | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | -                     | no       | no      | no       | no              | no           | no        | no  | no             | no         | no    | no      |
        | frontend                  | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | backend                   | no         | no           | no                | no            | no             | no          | no        | no            | 4318      | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | database                  | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | staging backend           | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | cert-manager              | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | -            | no        | no  | 443 6443       | yes        | no    | no      |
        | ingress                   | no         | no           | no                | no            | no             | no          | no        | no            | 4318 4320 | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | DNS                       | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | elsewhere                 | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
        | Prometheus elsewhere      | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | -         | -   | -              | -          | -     | -       |
        | log shipper elsewhere     | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | no       | no      | no       | no              | no           | -         | -   | -              | -          | -     | -       |
        | node                      | all        | all          | all               | all           | all            | all         | all       | all           | all       | all     | all    | all                       | all                   | -        | -       | -        | -               | all          | -         | -   | -              | -          | -     | -       |
        | outside                   | no         | no           | no                | no            | no             | no          | no        | no            | no        | no      | no     | no                        | no                    | -        | -       | -        | -               | no           | -         | -   | -              | -          | -     | -       |
      And probes beside all pods connect to each other's ports while no policy forbids it
      When every probe tries to connect to every other, to the cluster and to the outside
      Then every planned connection succeeds
      And no other connection succeeds, and no packet of one arrives
      And every attempt ends as the network policies say

    # The same tables, proved by computation: from the policies of all namespaces, for every pod that there
    # is, for pods that nobody has created yet, for every address of IPv4 and IPv6, and for every port. What
    # the tables above do not have, because a pod has to try it at one address, is here: ports of any address.
    @uses-application @uses-cluster @uses-metrics @uses-alerts @uses-logs @uses-traces
    Scenario: The network policies allow the system what is planned and nothing else
      Given the connections in the tables of all scenarios are planned
      And only these of its pods may connect to ports of any address
        | pods    | ports              |
        | ingress | 443 6443           |
        | DNS     | 53 53/udp 443 6443 |
      When everything is computed that the network policies allow the pods of the system
      Then the network policies allow every planned connection
      And the network policies allow no other connection

    @uses-application @uses-cluster @uses-metrics @uses-alerts @uses-logs @uses-traces
    @needs-metrics @needs-logs @needs-traces
    Scenario: The network policies allow the monitoring what is planned and nothing else
      Given the connections in the tables of all scenarios are planned
      And only these of its pods may connect to ports of any address
        | pods         | ports          |
        | Prometheus   | 443 6443 10250 |
        | Alertmanager | 443            |
        | cert-manager | 443 6443       |
      When everything is computed that the network policies allow the programs of the monitoring
      Then the network policies allow every planned connection
      And the network policies allow no other connection

    @disturbing
    Scenario: An unlabelled pod reaches nothing
      Given a temporary policy allows an unlabelled pod to reach every real pod and the cluster
      When the temporary allow policy is removed
      Then the unlabelled pod reaches nothing

  @TASK-002-AC-2
  Rule: RBAC roles and service accounts configured

    # Everybody whom a binding of the cluster names is judged, in every namespace ("here" is the
    # system's own) and in the whole cluster; so are the service accounts of the system. "anonymous" is
    # who has not logged in. What Kubernetes itself brings is known by its subjects and rules, and any
    # addition to it is wrong. A row of an add-on says what a program of the cluster may have at most.
    Scenario: Everybody has exactly the permissions in the table
      When the permissions of everybody whom a binding of the cluster names are computed and asked for
      Then each has exactly these permissions:
        | who                                                                       | may                           | on                                                                                           | where                                                   |
        | everybody                                                                 | create                        | selfsubjectaccessreviews, selfsubjectreviews, selfsubjectrulesreviews                        | everywhere                                              |
        | everybody                                                                 | get                           | /api, /api/*, /apis, /apis/*, /openapi, /openapi/*                                           | everywhere                                              |
        | everybody                                                                 | get                           | /healthz, /livez, /readyz, /version, /version/                                               | everywhere                                              |
        | anonymous                                                                 | get                           | /healthz, /livez, /readyz, /version, /version/                                               | everywhere                                              |
        | every service account                                                     | get                           | /.well-known/openid-configuration, /openid/v1/jwks                                           | everywhere                                              |
        | service account backend                                                   | nothing else                  |                                                                                              |                                                         |
        | service account database                                                  | nothing else                  |                                                                                              |                                                         |
        | service account frontend                                                  | nothing else                  |                                                                                              |                                                         |
        | service account default                                                   | nothing else                  |                                                                                              |                                                         |
        | service account monitoring/prometheus                                     | get, list, watch              | pods                                                                                         | here                                                    |
        | service account monitoring/prometheus                                     | get, list, watch              | pods                                                                                         | in cert-manager, ingress, monitoring, monitoring-agents |
        | service account monitoring/prometheus                                     | get, list, watch              | nodes                                                                                        | everywhere                                              |
        | service account monitoring/prometheus                                     | get                           | nodes/metrics, /metrics                                                                      | everywhere                                              |
        | role deployer                                                             | get, list, watch              | configmaps, deployments, ingresses, poddisruptionbudgets, services, statefulsets             | here                                                    |
        | role deployer                                                             | create, update, patch, delete | configmaps, deployments, ingresses, poddisruptionbudgets, services, statefulsets             | here                                                    |
        | role deployer                                                             | get, list, watch              | controllerrevisions, events, persistentvolumeclaims, pods, replicasets                       | here                                                    |
        | role deployer                                                             | get                           | pods/log                                                                                     | here                                                    |
        | role operator                                                             | get, list, watch              | configmaps, endpointslices, events, persistentvolumeclaims, pods, services                   | here                                                    |
        | role operator                                                             | get, list, watch              | deployments, poddisruptionbudgets, replicasets, statefulsets                                 | here                                                    |
        | role operator                                                             | get, list, watch              | ingresses, networkpolicies                                                                   | here                                                    |
        | role operator                                                             | get                           | pods/log                                                                                     | here                                                    |
        | role operator                                                             | delete                        | pods                                                                                         | here                                                    |
        | role auditor                                                              | get, list, watch              | configmaps, events, persistentvolumeclaims, pods, services                                   | here                                                    |
        | role auditor                                                              | get, list, watch              | cronjobs, deployments, jobs, poddisruptionbudgets, replicasets, statefulsets                 | here                                                    |
        | role auditor                                                              | get, list, watch              | ingresses, networkpolicies                                                                   | here                                                    |
        | role auditor                                                              | get, list, watch              | rolebindings, roles, serviceaccounts                                                         | here                                                    |
        | add-on service account cert-manager/cert-manager                          | get, list, watch              | certificaterequests, certificates, clusterissuers, ingresses, issuers, secrets               | everywhere                                              |
        | add-on service account cert-manager/cert-manager                          | create, update, patch, delete | certificaterequests, certificates, secrets                                                   | everywhere                                              |
        | add-on service account cert-manager/cert-manager                          | update, patch                 | certificaterequests/status, certificates/status, clusterissuers/status, issuers/status       | everywhere                                              |
        | add-on service account cert-manager/cert-manager                          | create, patch                 | events                                                                                       | everywhere                                              |
        | add-on service account ingress/traefik                                    | list, watch                   | configmaps, endpointslices, ingressclasses, ingresses, secrets, services                     | everywhere                                              |
        | add-on service account ingress/traefik                                    | update                        | ingresses/status                                                                             | everywhere                                              |
        | add-on service account kube-system/coredns                                | list, watch                   | endpoints, endpointslices, namespaces, pods, services                                        | everywhere                                              |
        | add-on service account local-path-storage/local-path-provisioner          | get, create, delete           | pods                                                                                         | in local-path-storage                                   |
        | add-on service account local-path-storage/local-path-provisioner          | get                           | configmaps, pods/log                                                                         | in local-path-storage                                   |
        | add-on service account local-path-storage/local-path-provisioner          | get                           | nodes                                                                                        | everywhere                                              |
        | add-on service account local-path-storage/local-path-provisioner          | list, watch                   | persistentvolumeclaims, persistentvolumes, storageclasses                                    | everywhere                                              |
        | add-on service account local-path-storage/local-path-provisioner          | create, patch, delete         | persistentvolumes                                                                            | everywhere                                              |
        | add-on service account local-path-storage/local-path-provisioner          | create, patch                 | events                                                                                       | everywhere                                              |
        | add-on group system:nodes                                                 | create                        | certificatesigningrequests/selfnodeclient                                                    | everywhere                                              |
        | add-on service account kube-system/local-path-provisioner-service-account | get, list, watch              | configmaps, nodes, persistentvolumeclaims, pods/log, storageclasses                          | everywhere                                              |
        | add-on service account kube-system/local-path-provisioner-service-account | *                             | endpoints, persistentvolumes, pods                                                           | everywhere                                              |
        | add-on service account kube-system/local-path-provisioner-service-account | create, patch                 | events                                                                                       | everywhere                                              |
        | add-on service account kube-system/metrics-server                         | get, list, watch              | namespaces, nodes, pods                                                                      | everywhere                                              |
        | add-on service account kube-system/metrics-server                         | get                           | nodes/metrics, nodes/stats                                                                   | everywhere                                              |
        | add-on service account kube-system/metrics-server                         | create                        | subjectaccessreviews, tokenreviews                                                           | everywhere                                              |
        | add-on service account kube-system/metrics-server                         | get, list, watch              | configmaps(extension-apiserver-authentication)                                               | in kube-system                                          |
        | add-on user kube-apiserver                                                | *                             | nodes/configz, nodes/healthz, nodes/log, nodes/metrics, nodes/pods, nodes/proxy, nodes/stats | everywhere                                              |
        | add-on user kube-apiserver                                                | get, list, watch              | nodes                                                                                        | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | get, list, watch              | endpointslices, namespaces, persistentvolumes, pods                                          | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | *                             | daemonsets, endpoints, leases, nodes, services                                               | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | update, patch                 | nodes/status, persistentvolumes, services/status                                             | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | get, create                   | namespaces, serviceaccounts                                                                  | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | create, update, patch         | events                                                                                       | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | create                        | subjectaccessreviews, tokenreviews                                                           | everywhere                                              |
        | add-on user k3s-cloud-controller-manager                                  | get, list, watch              | configmaps(extension-apiserver-authentication)                                               | in kube-system                                          |
        | add-on user system:k3s-controller                                         | get, list, watch              | endpoints, endpointslices, namespaces, networkpolicies, nodes, pods, services                | everywhere                                              |
        | add-on user system:k3s-controller                                         | update, patch                 | nodes, nodes/status                                                                          | everywhere                                              |
      And the API server permits what the roles permit and nothing else

    Scenario: No container holds a credential that opens something else
      Given an inspection that finds the token of a pod that has one
      When every running container is inspected from inside
      Then no container holds a credential of the cluster, of a cloud or of another service

    @disturbing
    Scenario: A stolen token of a pod permits nothing
      Given API requests that succeed with a permitted account
      When an attacker sends them with the token that each pod could have
      Then the API server knows each token and forbids each request

    # Who may do what in the log store, which has accounts of its own. Every action is tried with every
    # account. The administrator is no account of a program: the pod of the log store alone has what
    # is needed. That the administrator gets through shows that each request would be carried out.
    @needs-logs
    Scenario: Every account of the log store may do what it needs and nothing else
      Given the log store knows each of its accounts
      When each account of the log store tries every action
      Then the log store permits exactly these actions:
        | account           | add an entry | replace an entry | delete an entry | search | list indices | delete an index | use other indices | change a template | change settings | create an account |
        | log-shipper       | yes          | yes              | no              | no     | no           | no              | no                | no                | no              | no                |
        | log-retention     | no           | no               | no              | no     | yes          | yes             | no                | no                | no              | no                |
        | log-reader        | no           | no               | no              | yes    | no           | no              | no                | no                | no              | no                |
        | log-administrator | yes          | yes              | yes             | yes    | yes          | yes             | yes               | yes               | yes             | yes               |

    @needs-logs
    Scenario: The log store answers nobody whom it does not know
      Given the log store knows each of its accounts
      When strangers ask the log store without an account and with wrong passwords
      Then the log store says to each of them that it does not know them
      And it has no answer to a request that is not encrypted

    @changes-logs @uses-cluster @needs-logs
    Scenario: The log shipper trusts no impostor of the log store
      Given an impostor that serves everybody who does not verify its certificate
      When a pod writes lines while the impostor is in the place of the log store
      Then the log shipper gives the impostor no password and no line
      And the log store has every line once when it is back in its place

    # A browser is known to nobody: its spans come through the ingress, which has a certificate. What they may
    # say, "Nobody outside records spans in the name of a program" proves.
    @needs-traces
    Scenario: Jaeger answers nobody whom it does not know
      Given Jaeger records the spans of those whom it knows, and tells them to its reader
      When strangers ask Jaeger and send it spans, without a certificate and with a wrong one
      Then Jaeger answers none of them
      And it has recorded none of their spans
      And it serves no request that is not encrypted

    # The impostor begins with the death of Jaeger, so that nobody is still connected to it.
    @disturbing @needs-traces
    Scenario: Backend and ingress trust no impostor of Jaeger
      Given visitors are sending requests to the backend steadily
      And an impostor of Jaeger that serves everybody who does not verify its certificate
      When every backend pod and the ingress try the impostor in the place of Jaeger
      Then none of them has sent the impostor anything
      And every visitor request was answered
      And a checkout that is made afterwards is one whole trace

    # Who may ask the programs that Prometheus scrapes with TLS, by its names for them. Every client shows its
    # own certificate. "a server" shows one by which it is known as a server, and "by another authority" is one
    # that says the same as that of Prometheus. Where there is no Grafana, nothing is missing without it.
    @needs-metrics
    Scenario: Programs with metrics answer those who have to ask them and nobody else
      Given Prometheus knows the programs that it scrapes by their certificates
      When each of its clients and several strangers ask every one of them
      Then they answer exactly these:
        | client                           | prometheus | alertmanager | node | blackbox | database |
        | operator                         | yes        | yes          | yes  | yes      | yes      |
        | prometheus                       | yes        | yes          | yes  | yes      | yes      |
        | blackbox-exporter                | yes        | yes          | no   | yes      | yes      |
        | grafana                          | yes        | no           | no   | yes      | yes      |
        | nobody                           | no         | no           | no   | no       | no       |
        | nobody, unencrypted              | no         | no           | no   | no       | no       |
        | prometheus, by another authority | no         | no           | no   | no       | no       |
        | a server                         | no         | no           | no   | no       | no       |

    @changes-metrics @changes-alerts @uses-cluster @needs-metrics
    Scenario: Prometheus trusts no impostor of what it scrapes
      Given an impostor of Alertmanager that serves everybody who does not verify its certificate
      When Prometheus finds the impostor
      Then Prometheus asks the impostor nothing
      And Prometheus says that the certificate of the impostor is wrong

  @TASK-002-AC-3
  Rule: TLS certificates configured for ingress

    Scenario: Visitors can trust the certificate
      When a visitor checks the certificate of the system
      Then it is valid and issued by the expected authority
      And it is for the host name of the system
      And its renewal is scheduled before it expires

    Scenario: Old protocols and weak ciphers are refused
      Given a lenient server accepts every old protocol and weak cipher of an attacker
      When the attacker offers them all to the ingress
      Then the ingress refuses every one of them
      And the ingress serves a TLS 1.3 client

    Scenario: Unencrypted requests are redirected to HTTPS
      When a visitor opens the page and the API over plain HTTP
      Then each request is redirected to the same address over HTTPS
      And no pod of the system has answered

    # What the Ingresses publish, and the controller's own routes. Of its Services and host ports,
    # every one that is open to the outside. ACME challenges alone have to be served in clear text.
    Scenario: Nothing that the ingress publishes is served in clear text
      When a visitor asks each port of the ingress for each published host and path in clear text
      Then each request is redirected to HTTPS or not served

    Scenario: Every published host has a certificate for its name
      When a visitor checks the certificate of each published host
      Then each certificate is trusted and for its host

    Scenario: Every response has the security headers
      When a visitor collects successful and failed responses of the page and the API
      Then each response has HSTS for at least a year
      And each response has the other security headers

    @disturbing
    Scenario: A certificate is renewed without downtime
      Given visitors are sending requests to the backend steadily
      When the operator renews the certificate
      Then visitors get a new certificate from the same authority
      And every visitor request was answered

  @TASK-002-AC-4
  Rule: Container security contexts enforced

    Scenario: Every process of the system runs unprivileged
      When every running container is inspected from inside
      Then no process runs as root
      And no process has a capability or can gain one
      And seccomp filters the system calls of every process
      And the root file system of every container is read-only
      And no container shares a Linux namespace with its node or another pod
      And no container holds a credential of the cluster, of a cloud or of another service
      And no container has variables with the addresses of Services

    Scenario: Every container runs the image that was delivered
      When the image that each container requests is compared with the one that runs
      Then each container requests its image by digest and runs it

    # All fields and values that the profiles baseline and restricted forbid stand in
    # acceptance/drivers/kubernetes/pod_security_standard.py. The requests are dry runs.
    Scenario: Admission refuses every pod that the restricted standard forbids
      Given a namespace without restrictions
      When a pod with each field that the standard forbids is requested there and in the system
      Then the namespace without restrictions accepts each of them
      And the system refuses each of them because of that field

  @TASK-002-AC-5
  Rule: Secret rotation strategy implemented

    @changes-application @uses-cluster
    Scenario: The secrets are rotated while visitors are served
      Given a visitor has a checkout with items
      And visitors are paging through the list steadily
      And the current secrets are accepted
      When the operator follows the runbook to rotate the secrets
      Then every backend pod uses the new secrets
      And the old secrets are no longer accepted
      And the audit trail says who did what and when, and holds no secret
      And every visitor request was answered
      And the visitor finds the checkout with its items again
      And a visitor can pay another checkout

    @changes-application @uses-cluster
    Scenario: An interrupted rotation resumes from its last phase
      Given visitors are paging through the list steadily
      And the current secrets are accepted
      When the operator rotates the secrets and the rotation is killed in every phase
      Then a second rotation at the same time was refused
      And the rotation resumed each time, until it was finished
      And every backend pod uses the new secrets
      And the old secrets are no longer accepted
      And the audit trail says who did what and when, and holds no secret
      And every visitor request was answered

  @TASK-002-AC-6
  Rule: Security scanning integrated into CI/CD

    @repository
    Scenario Outline: CI blocks <change>
      Given the security workflow passes before <change>
      When a developer proposes <change>
      Then the security workflow blocks it
      And it reports the finding and its place
      And it uploads the finding as SARIF

      Examples:
        | change |
        | a push with a hard-coded secret |
        | a pull request with a privileged container |
        | a push with dangerous code |

    @repository
    Scenario: No change bypasses the security scan
      When the pipeline engineer looks for ways to bypass the security workflow
      Then it runs on every push and every pull request
      And none of its steps may fail or be skipped

    @repository
    Scenario: No change bypasses the security scan by its branch, author, files, message or event
      Given the security workflow blocks a plain change
      When developers offer changes of every look
      Then the security workflow scans and blocks each of them alike
