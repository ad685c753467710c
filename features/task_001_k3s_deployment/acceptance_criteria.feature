@TASK-001
Feature: Complete k3s Production Deployment
  What the running system must show before the team says that it is deployed.

  Background:
    Given the checkout system is deployed

  @TASK-001-AC-1
  Rule: k3s cluster is running and accessible

    Scenario: The cluster answers from outside and its nodes are ready
      When the operator checks the health of the cluster
      Then the API server is live and ready
      And every node is ready

    Scenario: A pod scheduled now runs and resolves a service by name
      When the operator schedules a new pod
      Then the new pod resolves a service of the system by its name

    Scenario: The cluster is k3s
      When the operator asks the cluster for its version
      Then the cluster is k3s

  @TASK-001-AC-2
  Rule: All secrets are properly configured in configmap.yaml

    Scenario: Every key that a pod uses is configured and has a real value
      When the configuration reviewer compares the keys in use with the configured keys
      Then every key in use is named in the configuration
      And every configured key has a value that is no placeholder

    Scenario: No secret value shows where it does not belong
      When the configuration reviewer searches the system and the repository for secret values
      Then no configuration, pod, log line or repository file holds a secret value

    @disturbing
    Scenario: The database accepts the configured credentials and refuses others
      When the configuration reviewer logs in to the database with several credentials
      Then the configured credentials are accepted
      And wrong, empty and missing credentials are refused

  @TASK-001-AC-3
  Rule: Database is deployed with persistent storage

    @changes-application @uses-cluster
    Scenario: A checkout survives the loss of the database pod
      Given a visitor has paid a checkout
      And every table of the database has rows
      When the database pod is lost in the middle of its work
      Then another database pod has taken its place
      And the visitor finds the checkout with its items again
      And everything in the database is as it was

    @changes-application @uses-cluster
    Scenario: What was acknowledged survives a crash of the database server
      Given visitors are paying checkouts steadily
      When the database server is killed
      Then a visitor can pay another checkout
      And each acknowledged write was done once, and no other twice

    Scenario: The database keeps its data on a bound volume
      When the operator looks up where the database keeps its data
      Then the data is on a bound persistent volume claim
      And a commit is on the disk before it is acknowledged
      And what happens to the volume without the database is documented

  @TASK-001-AC-4
  Rule: Backend deployment is healthy with 2+ replicas

    Scenario: Each ready backend pod answers with its own name
      When the operator asks each ready backend pod
      Then at least two pods answered, each with its own name

    Scenario: Visitors reach every backend pod
      When visitors send requests to the backend until each pod has answered
      Then every ready pod has served visitors

    @changes-application @uses-cluster
    Scenario: Visitors are served while one backend pod is lost
      Given visitors are sending requests to the backend steadily
      And visitors are paying checkouts steadily
      When the operator loses one backend pod
      Then the backend is back to its full strength
      And every visitor request was answered
      And every request of the paying visitors was answered
      And each acknowledged write was done once, and no other twice

    @changes-application @uses-cluster
    Scenario: A killed backend pod costs only the requests under way
      Given visitors are sending requests to the backend steadily
      And visitors are paying checkouts steadily
      When the operator kills one backend pod
      Then the backend is back to its full strength
      And at most 2 visitor requests failed
      And at most 2 requests of the paying visitors failed
      And each acknowledged write was done once, and no other twice

  @TASK-001-AC-5
  Rule: Frontend deployment is healthy with 2+ replicas

    Scenario: Each ready frontend pod answers with its own name
      When the operator asks each ready frontend pod
      Then at least two pods answered, each with its own name

    Scenario: Visitors reach every frontend pod
      When visitors send requests to the frontend until each pod has answered
      Then every ready pod has served visitors

    @changes-application @uses-cluster
    Scenario: Visitors are served while one frontend pod is lost
      Given visitors are sending requests to the frontend steadily
      When the operator loses one frontend pod
      Then the frontend is back to its full strength
      And every visitor request was answered

    @changes-application @uses-cluster
    Scenario: A killed frontend pod costs only the requests under way
      Given visitors are sending requests to the frontend steadily
      When the operator kills one frontend pod
      Then the frontend is back to its full strength
      And at most 2 visitor requests failed

  @TASK-001-AC-6
  Rule: Ingress is configured and accessible at checkout.local

    Scenario: Visitors reach the page and the service by name
      When a visitor opens the page and the service by name
      Then the page comes from the frontend
      And the service answers from the backend

    Scenario: An unknown host is refused
      When a visitor asks the ingress for an unknown host
      Then the known host is served and the unknown one is refused

    Scenario: The ingress has the class nginx and a published address
      When the operator looks at the ingress
      Then its class is nginx
      And it publishes the address that visitors use

  @TASK-001-AC-7
  Rule: All health checks are passing

    Scenario: Every container has its probes and passes them
      When the operator looks at the health of every container
      Then every container has readiness and liveness probes
      And every container passes them
      And every container has more time to start than it needed
      And no container was restarted during the run

    @changes-application @uses-cluster
    Scenario: The backend reports not ready while the database is down
      When the operator stops the database until a liveness probe could act
      Then the backend reported not ready
      And no liveness probe restarts a container for it
      And the backend recovered by itself

    @changes-application @uses-cluster
    Scenario: The probes of a stuck container fail
      When the operator stops the processes of each container in a pod of each workload
      Then the readiness and the liveness probe of each stopped container failed

  @TASK-001-AC-8
  Rule: Application loads without errors

    Scenario Outline: A visitor completes a checkout on <device>
      When a visitor completes a checkout in the browser on <device>
      Then the visitor finds the paid checkout again after a reload
      And the browser saw no error

      Examples:
        | device    |
        | a desktop |
        | a phone   |

    # What the page waits for happens at once: its clock is moved. Answers that a view is about, such as
    # that there is no such checkout, are no errors.
    Scenario: No view fails, in whatever state and however long it is open
      When a visitor opens each of these views, and leaves it open for an hour
        | view                                 | shows                          |
        | the list                             | New checkout                   |
        | the list with more                   | more checkouts shown           |
        | the empty list                       | There is nothing here yet      |
        | the list without a service           | Try again                      |
        | the list on a slow network           | One of many                    |
        | a new checkout with a mistake        | the customer's name            |
        | an open checkout                     | Add item                       |
        | an item with a mistake               | the SKU                        |
        | the question before a cancellation   | This cannot be undone          |
        | a cancelled checkout                 | Cancelled                      |
        | a paid checkout                      | Paid                           |
        | a checkout that another visitor paid | Paid                           |
        | a checkout that does not exist       | This checkout does not exist   |
        | an address that does not exist       | There is nothing at this address |
      Then the browser complained about none of them
