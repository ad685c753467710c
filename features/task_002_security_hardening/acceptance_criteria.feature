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
        | ingress                | yes      | yes     | no       | no             | yes              | yes             | no               | no                     | -       | no  | all       | yes        | no   | no      |
        | DNS                    | no       | no      | no       | no             | no               | no              | no               | no                     | no      | -   | no        | yes        | no   | no      |
        | elsewhere              | no       | no      | no       | no             | no               | no              | no               | no                     | yes     | yes | -         | yes        | all  | yes     |
        | node                   | all      | all     | all      | all            | all              | all             | all              | all                    | all     | all | all       | yes        | -    | yes     |
        | outside                | no       | no      | no       | no             | no               | no              | no               | no                     | yes     | no  | all       | yes        | -    | -       |
      And probes beside all pods connect to everything while no policy forbids it
      When every probe tries to connect to every other, to the cluster and to the outside
      Then every planned connection succeeds
      And no other connection succeeds, and no packet of one arrives

    @disturbing
    Scenario: An unlabelled pod reaches nothing
      Given a temporary policy allows an unlabelled pod to reach every real pod and the cluster
      When the temporary allow policy is removed
      Then the unlabelled pod reaches nothing

  @TASK-002-AC-2
  Rule: RBAC roles and service accounts configured

    # Every right that the cluster knows is asked for: in the system's own namespace ("here"), in
    # another one and in the whole cluster. What is not in the table has to be refused.
    Scenario: Everybody may do what is granted and nothing else
      When the inspector asks the cluster what each service account and each role may do
      Then each may do exactly this:
        | who                      | may                           | on                                                                               | where      |
        | everybody                | create                        | selfsubjectaccessreviews, selfsubjectreviews, selfsubjectrulesreviews            | everywhere |
        | everybody                | get                           | /api, /api/*, /apis, /apis/*, /openapi, /openapi/*                               | everywhere |
        | everybody                | get                           | /healthz, /livez, /readyz, /version, /version/                                   | everywhere |
        | every service account    | get                           | /.well-known/openid-configuration, /openid/v1/jwks                               | everywhere |
        | service account backend  | nothing else                  |                                                                                  |            |
        | service account database | nothing else                  |                                                                                  |            |
        | service account frontend | nothing else                  |                                                                                  |            |
        | service account default  | nothing else                  |                                                                                  |            |
        | role deployer            | get, list, watch              | configmaps, deployments, ingresses, poddisruptionbudgets, services, statefulsets | here       |
        | role deployer            | create, update, patch, delete | configmaps, deployments, ingresses, poddisruptionbudgets, services, statefulsets | here       |
        | role deployer            | get, list, watch              | controllerrevisions, events, persistentvolumeclaims, pods, replicasets           | here       |
        | role deployer            | get                           | pods/log                                                                         | here       |
        | role operator            | get, list, watch              | configmaps, endpointslices, events, persistentvolumeclaims, pods, services       | here       |
        | role operator            | get, list, watch              | deployments, poddisruptionbudgets, replicasets, statefulsets                     | here       |
        | role operator            | get, list, watch              | ingresses, networkpolicies                                                       | here       |
        | role operator            | get                           | pods/log                                                                         | here       |
        | role operator            | delete                        | pods                                                                             | here       |
        | role auditor             | get, list, watch              | configmaps, events, persistentvolumeclaims, pods, services                       | here       |
        | role auditor             | get, list, watch              | cronjobs, deployments, jobs, poddisruptionbudgets, replicasets, statefulsets     | here       |
        | role auditor             | get, list, watch              | ingresses, networkpolicies                                                       | here       |
        | role auditor             | get, list, watch              | rolebindings, roles, serviceaccounts                                             | here       |

    Scenario: No container holds credentials of the cluster
      Given a look that finds the credentials of a container that has some
      When the inspector looks inside each running container
      Then no container of the system holds credentials of the cluster

    @disturbing
    Scenario: Stolen credentials of a pod open nothing
      Given requests of a thief that succeed where they are allowed
      When the thief sends them with the credentials that each pod could have
      Then the cluster knows the thief and refuses each request

  @TASK-002-AC-3
  Rule: TLS certificates configured for ingress

    Scenario: Visitors can trust the certificate
      When a visitor checks the certificate of the system
      Then it is valid and issued by the expected authority
      And it is for the host name of the system only
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

    Scenario: Every process of the system is confined
      When the inspector looks inside each running container
      Then no process runs as root
      And no process has a capability or can get one
      And the system calls of every process are filtered
      And nobody can change what a container was made of
      And no container shares anything with its node
      And no container knows more than its configuration

    Scenario: Every container runs the very image that was delivered
      When the inspector compares what each container was to run with what it runs
      Then each asked for an image by its content and runs it

    # The whole list of the Kubernetes Pod Security Standards, baseline and restricted, in the words
    # of the API. An empty value leaves the field out. All of it is asked for and nothing is made.
    Scenario: The cluster refuses every pod that the strictest standard forbids
      Given a place where nothing is forbidden
      When an attacker asks there and in the system for pods with each of these:
        | standard   | control                      | field                                           | value                                                                                | in                                             | told as                            |
        | baseline   | processes of the host        | spec.securityContext.windowsOptions.hostProcess | true                                                                                 | pod                                            | hostProcess                        |
        | baseline   | processes of the host        | securityContext.windowsOptions.hostProcess      | true                                                                                 | container, init container                      | hostProcess                        |
        | baseline   | namespaces of the host       | spec.hostNetwork                                | true                                                                                 | pod                                            | host namespaces (hostNetwork=true) |
        | baseline   | namespaces of the host       | spec.hostPID                                    | true                                                                                 | pod                                            | host namespaces (hostPID=true)     |
        | baseline   | namespaces of the host       | spec.hostIPC                                    | true                                                                                 | pod                                            | host namespaces (hostIPC=true)     |
        | baseline   | privileged containers        | securityContext.privileged                      | true                                                                                 | container, init container, ephemeral container | privileged                         |
        | baseline   | capabilities                 | securityContext.capabilities                    | {drop: [ALL], add: [ALL]}                                                            | container, init container, ephemeral container | unrestricted capabilities          |
        | baseline   | capabilities                 | securityContext.capabilities                    | {drop: [ALL], add: [NET_RAW]}                                                        | container, init container, ephemeral container | unrestricted capabilities          |
        | baseline   | capabilities                 | securityContext.capabilities                    | {drop: [ALL], add: [NET_ADMIN]}                                                      | container, init container, ephemeral container | unrestricted capabilities          |
        | baseline   | capabilities                 | securityContext.capabilities                    | {drop: [ALL], add: [SYS_PTRACE]}                                                     | container, init container, ephemeral container | unrestricted capabilities          |
        | baseline   | capabilities                 | securityContext.capabilities                    | {drop: [ALL], add: [SYS_TIME]}                                                       | container, init container, ephemeral container | unrestricted capabilities          |
        | baseline   | folders of the host          | spec.volumes                                    | [{name: own, hostPath: {path: /}}]                                                   | pod                                            | volume type "hostPath"             |
        | baseline   | ports of the host            | ports                                           | [{containerPort: 8080, hostPort: 8080}]                                              | container, init container                      | hostPort                           |
        | baseline   | probes of other hosts        | livenessProbe                                   | {httpGet: {port: 80, host: 192.0.2.1}}                                               | container, init container                      | probe or lifecycle host            |
        | baseline   | probes of other hosts        | livenessProbe                                   | {tcpSocket: {port: 80, host: 192.0.2.1}}                                             | container, init container                      | probe or lifecycle host            |
        | baseline   | probes of other hosts        | readinessProbe                                  | {httpGet: {port: 80, host: 192.0.2.1}}                                               | container, init container                      | probe or lifecycle host            |
        | baseline   | probes of other hosts        | readinessProbe                                  | {tcpSocket: {port: 80, host: 192.0.2.1}}                                             | container, init container                      | probe or lifecycle host            |
        | baseline   | probes of other hosts        | startupProbe                                    | {httpGet: {port: 80, host: 192.0.2.1}}                                               | container, init container                      | probe or lifecycle host            |
        | baseline   | probes of other hosts        | startupProbe                                    | {tcpSocket: {port: 80, host: 192.0.2.1}}                                             | container, init container                      | probe or lifecycle host            |
        | baseline   | hooks of other hosts         | lifecycle.postStart                             | {httpGet: {port: 80, host: 192.0.2.1}}                                               | container, init container                      | probe or lifecycle host            |
        | baseline   | hooks of other hosts         | lifecycle.postStart                             | {tcpSocket: {port: 80, host: 192.0.2.1}}                                             | container, init container                      | probe or lifecycle host            |
        | baseline   | hooks of other hosts         | lifecycle.preStop                               | {httpGet: {port: 80, host: 192.0.2.1}}                                               | container, init container                      | probe or lifecycle host            |
        | baseline   | hooks of other hosts         | lifecycle.preStop                               | {tcpSocket: {port: 80, host: 192.0.2.1}}                                             | container, init container                      | probe or lifecycle host            |
        | baseline   | AppArmor                     | spec.securityContext.appArmorProfile            | {type: Unconfined}                                                                   | pod                                            | AppArmor profile                   |
        | baseline   | AppArmor                     | securityContext.appArmorProfile                 | {type: Unconfined}                                                                   | container, init container, ephemeral container | AppArmor profile                   |
        | baseline   | AppArmor                     | metadata.annotations                            | {container.apparmor.security.beta.kubernetes.io/probe: unconfined}                   | pod                                            | AppArmor profile                   |
        | baseline   | SELinux                      | spec.securityContext.seLinuxOptions.type        | spc_t                                                                                | pod                                            | seLinuxOptions                     |
        | baseline   | SELinux                      | securityContext.seLinuxOptions.type             | spc_t                                                                                | container, init container, ephemeral container | seLinuxOptions                     |
        | baseline   | SELinux                      | spec.securityContext.seLinuxOptions.user        | system_u                                                                             | pod                                            | seLinuxOptions                     |
        | baseline   | SELinux                      | securityContext.seLinuxOptions.user             | system_u                                                                             | container, init container, ephemeral container | seLinuxOptions                     |
        | baseline   | SELinux                      | spec.securityContext.seLinuxOptions.role        | sysadm_r                                                                             | pod                                            | seLinuxOptions                     |
        | baseline   | SELinux                      | securityContext.seLinuxOptions.role             | sysadm_r                                                                             | container, init container, ephemeral container | seLinuxOptions                     |
        | baseline   | the whole of /proc           | securityContext.procMount                       | Unmasked                                                                             | container, init container                      | procMount                          |
        | baseline   | no filter of system calls    | spec.securityContext.seccompProfile             | {type: Unconfined}                                                                   | pod                                            | seccompProfile                     |
        | baseline   | no filter of system calls    | securityContext.seccompProfile                  | {type: Unconfined}                                                                   | container, init container, ephemeral container | seccompProfile                     |
        | baseline   | settings of the kernel       | spec.securityContext.sysctls                    | [{name: kernel.msgmax, value: "1"}]                                                  | pod                                            | forbidden sysctls                  |
        | baseline   | settings of the kernel       | spec.securityContext.sysctls                    | [{name: net.core.somaxconn, value: "1"}]                                             | pod                                            | forbidden sysctls                  |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, gcePersistentDisk: {pdName: a}}]                                        | pod                                            | volume type "gcePersistentDisk"    |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, awsElasticBlockStore: {volumeID: a}}]                                   | pod                                            | volume type "awsElasticBlockStore" |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, gitRepo: {repository: a}}]                                              | pod                                            | volume type "gitRepo"              |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, nfs: {server: a, path: /}}]                                             | pod                                            | volume type "nfs"                  |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, iscsi: {targetPortal: a, iqn: 'iqn.2026-11.example:a', lun: 0}}]        | pod                                            | volume type "iscsi"                |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, glusterfs: {endpoints: a, path: a}}]                                    | pod                                            | volume type "glusterfs"            |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, rbd: {monitors: [a], image: a}}]                                        | pod                                            | volume type "rbd"                  |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, flexVolume: {driver: a/b}}]                                             | pod                                            | volume type "flexVolume"           |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, cinder: {volumeID: a}}]                                                 | pod                                            | volume type "cinder"               |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, cephfs: {monitors: [a]}}]                                               | pod                                            | volume type "cephfs"               |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, flocker: {datasetName: a}}]                                             | pod                                            | volume type "flocker"              |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, fc: {targetWWNs: [a], lun: 0}}]                                         | pod                                            | volume type "fc"                   |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, azureFile: {secretName: a, shareName: a}}]                              | pod                                            | volume type "azureFile"            |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, vsphereVolume: {volumePath: a}}]                                        | pod                                            | volume type "vsphereVolume"        |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, quobyte: {registry: 'a:1', volume: a}}]                                 | pod                                            | volume type "quobyte"              |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, azureDisk: {diskName: a, diskURI: '/subscriptions/a', kind: Managed}}]  | pod                                            | volume type "azureDisk"            |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, portworxVolume: {volumeID: a}}]                                         | pod                                            | volume type "portworxVolume"       |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, photonPersistentDisk: {pdID: a}}]                                       | pod                                            | volume type "photonPersistentDisk" |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, scaleIO: {gateway: a, system: a, secretRef: {name: a}, volumeName: a}}] | pod                                            | volume type "scaleIO"              |
        | restricted | kinds of volumes             | spec.volumes                                    | [{name: own, storageos: {volumeName: a}}]                                            | pod                                            | volume type "storageos"            |
        | restricted | more privileges by a program | securityContext.allowPrivilegeEscalation        | true                                                                                 | container, init container, ephemeral container | allowPrivilegeEscalation != false  |
        | restricted | more privileges by a program | securityContext.allowPrivilegeEscalation        |                                                                                      | container, init container, ephemeral container | allowPrivilegeEscalation != false  |
        | restricted | root                         | spec.securityContext.runAsNonRoot               |                                                                                      | pod                                            | runAsNonRoot != true               |
        | restricted | root                         | spec.securityContext.runAsNonRoot               | false                                                                                | pod                                            | runAsNonRoot != true               |
        | restricted | root                         | securityContext.runAsNonRoot                    | false                                                                                | container, init container, ephemeral container | runAsNonRoot != true               |
        | restricted | root                         | spec.securityContext.runAsUser                  | 0                                                                                    | pod                                            | runAsUser=0                        |
        | restricted | root                         | securityContext.runAsUser                       | 0                                                                                    | container, init container, ephemeral container | runAsUser=0                        |
        | restricted | no filter of system calls    | spec.securityContext.seccompProfile             |                                                                                      | pod                                            | seccompProfile                     |
        | restricted | capabilities                 | securityContext.capabilities                    |                                                                                      | container, init container, ephemeral container | unrestricted capabilities          |
        | restricted | capabilities                 | securityContext.capabilities                    | {drop: [NET_RAW]}                                                                    | container, init container, ephemeral container | unrestricted capabilities          |
        | restricted | capabilities                 | securityContext.capabilities                    | {drop: [ALL], add: [CHOWN]}                                                          | container, init container, ephemeral container | unrestricted capabilities          |
      Then each is possible where nothing is forbidden
      And the system refuses each, and nothing else about it

  @TASK-002-AC-5
  Rule: Secret rotation strategy implemented

    @disturbing
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

    @disturbing
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

    Scenario: No change bypasses the security scan
      When the pipeline engineer looks for ways to bypass the security workflow
      Then it runs on every push and every pull request
      And none of its steps may fail or be skipped
