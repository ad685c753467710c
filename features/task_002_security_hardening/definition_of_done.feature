@TASK-002
Feature: Definition of Done of the production security hardening
  What has to be shown beside the running system before the team calls the task done.

  Background:
    Given the checkout system is deployed

  @TASK-002-DOD-2
  Rule: Penetration testing performed

    Scenario Outline: No attack with <attacks> succeeds
      Given the penetration tester has seen <attacks> succeed on a vulnerable server
      When the penetration tester attacks the system with <attacks>
      Then no attack succeeds
      And every later visitor gets the response to their own request

      Examples:
        | attacks            |
        | forbidden methods  |
        | path traversal     |
        | forged hosts       |
        | header injection   |
        | request smuggling  |
        | oversized requests |

    Scenario: Nothing lies around that was not meant for visitors
      Given the penetration tester has seen what lies around be found on a vulnerable server
      When the penetration tester asks the system for what is often left lying around
      Then the system shows none of it

    # The fuzzing below goes by what is documented.
    @uses-application
    Scenario: Every route of the running service is documented
      When the penetration tester asks every pod of the service for its routes
      Then each has exactly the routes that the service documents

    # Alone, like the others that fill the list of checkouts: a visitor at the same time would look
    # for their own checkout on its first page.
    @changes-application @uses-cluster
    Scenario: Fuzzing finds no weakness in the service
      When the penetration tester fuzzes the service
      Then the service rejects invalid requests and never fails
      And no response leaks internals

    Scenario: Slow connections are closed while visitors are served
      Given visitors are sending requests to the backend steadily
      When the penetration tester holds many slow connections open
      Then the system closes all of them
      And every visitor request was answered

    @changes-application @uses-cluster
    Scenario: Stored injection strings are shown and never executed
      Given the penetration tester has seen injection strings do harm to a vulnerable server
      When the penetration tester types them into every field
      Then the service stores them unchanged and changes nothing else
      And they find nothing in place of an id or a page
      And the pages show them and execute none

    @changes-application @uses-cluster
    Scenario: No other visitor's checkout is found by guessing
      Given the penetration tester has seen guessing find sequential ids
      When the penetration tester guesses ids of checkouts
      Then no guess finds a checkout, to read it or to change it
      And every id is random

  @TASK-002-DOD-3
  Rule: Compliance requirements met

    # Alone, so that objects of other scenarios are not taken for the cluster's own.
    @disturbing
    Scenario: The running cluster meets the Pod Security Standard
      When the running cluster is assessed by the Pod Security Standard
      Then every applicable control is met
      And every applicable control was assessed

    @disturbing
    Scenario: The running cluster meets the NSA/CISA hardening guide
      When the running cluster is assessed by the NSA/CISA Kubernetes Hardening Guide
      Then every applicable control is met
      And every applicable control was assessed

    @disturbing
    Scenario: The running cluster meets the CIS benchmark
      When the running cluster is assessed by the CIS Kubernetes Benchmark
      Then every applicable control is met
      And every applicable control was assessed

    Scenario: Secrets are encrypted at rest
      When all Secrets are read directly from the cluster's data store
      Then every one of them is encrypted

    Scenario: Reading a Secret is recorded in the audit log
      When somebody reads a Secret
      Then the audit log records who read it and when
      And the audit log does not contain its value

  @TASK-002-DOD-4
  Rule: Security documentation updated

    @repository
    Scenario: Every threat has a mitigation that is proved
      When the security engineer looks up the proof of every threat
      Then every kind of threat is considered at every trust boundary
      And every accepted risk has an owner and ends within a year
      And every threat has a mitigation of its own and a proof that exists
      And the item is met only if this run proves every proof

    @repository
    Scenario: Documented roles and connections match what is proved
      When the security engineer compares the tables on pages with the tables that are proved
      Then every page shows its table as it is proved

  @TASK-002-DOD-5
  Rule: Incident response procedures documented

    @repository
    Scenario: The incident response runbook is complete and was drilled recently
      When the responder reads the incident response runbook
      Then the runbook has every section and command that a responder needs
      And every role is assigned and every severity has a response time
      And its last drill is recent enough

    @changes-application @uses-cluster
    Scenario: A suspicious pod is contained and removed, its evidence preserved, and visitors are served
      Given visitors are paging through the list steadily
      And the current secrets are accepted
      And a backend pod is suspected of being compromised
      When the responder follows the runbook to contain it
      Then the pod is still running, and another one has taken its place
      And no packet reaches the pod or leaves it, and its sessions are ended
      And the responder can rotate the secrets that it knew by following the runbook
      And the old secrets are no longer accepted
      And the responder can preserve its evidence by following the runbook
      And the evidence is complete and sealed
      And the evidence holds no secret in any form
      And the responder can remove the pod and recover by following the runbook
      And every visitor request was answered

  @TASK-002-DOD-6
  Rule: Security monitoring alerts configured

    # Of what an account does once, the alert says which Secret and how; of refusals, how many. Who has a
    # bad token has no name.
    @needs-metrics @disturbing
    Scenario: The security team is told who did what, and when
      Given a receiver of this run gets every alert
      When these accounts do this
        | who        | of             | does                | times | alert             |
        | a reader   | this run       | gets a Secret       | 1     | SecretRead        |
        | a reader   | this run       | lists the Secrets   | 1     | SecretRead        |
        | a reader   | this run       | watches the Secrets | 1     | SecretRead        |
        | a reader   | the system     | gets a Secret       | 1     | SecretRead        |
        | a reader   | the monitoring | gets a Secret       | 1     | SecretRead        |
        | a stranger | nowhere        | has a bad token     | 60    | AccessDeniedSpike |
        | an account | this run       | is refused          | 60    | AccessDeniedSpike |
        | an account | the system     | is refused          | 60    | AccessDeniedSpike |
        | an account | the monitoring | is refused          | 60    | AccessDeniedSpike |
        | another    | this run       | is refused          | 1     | nobody            |
      Then the receiver of the security team is told who did what, how often, and when
      And it is told nothing of whom has not done it
      And there are security alert rules and each of them works
