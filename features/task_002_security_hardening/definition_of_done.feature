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

    # Alone, like the others that fill the list of checkouts: a visitor at the same time would look
    # for their own checkout on its first page.
    @disturbing
    Scenario: Fuzzing finds no weakness in the service
      When the penetration tester fuzzes the service
      Then the service rejects invalid requests and never fails
      And no response leaks internals

    Scenario: Slow connections are closed while visitors are served
      Given visitors are sending requests to the backend steadily
      When the penetration tester holds many slow connections open
      Then the system closes all of them
      And every visitor request was answered

    @disturbing
    Scenario: Stored injection strings are shown and never executed
      Given the penetration tester has seen injection strings do harm to a vulnerable server
      When the penetration tester types them into every field
      Then the service stores them unchanged and changes nothing else
      And they find nothing in place of an id or a page
      And the pages show them and execute none

    @disturbing
    Scenario: No other visitor's checkout is found by guessing
      Given the penetration tester has seen guessing find sequential ids
      When the penetration tester guesses ids of checkouts
      Then no guess finds a checkout
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

    Scenario: Every threat has a mitigation that is proved
      When the security engineer looks up the proof of every threat
      Then every kind of threat is considered at every trust boundary
      And every accepted risk has an owner and has not expired
      And every threat has a mitigation and a proof that exists

    Scenario: Documented roles and connections match what is proved
      When the security engineer compares the tables on pages with the tables that are proved
      Then every page shows its table as it is proved

  @TASK-002-DOD-5
  Rule: Incident response procedures documented

    Scenario: The written response to an incident has what people need who were never in one
      When the responder reads what to do when somebody may have broken in
      Then the page has everything that a responder needs
      And every role is given to somebody and every severity has its time
      And it was drilled as lately as it asks for

    @disturbing
    Scenario: A suspicious pod is contained, its evidence kept, and visitors served
      Given visitors are sending requests to the backend steadily
      And a backend pod behaves as if it was taken over
      When the responder contains it as it is written
      Then it runs on apart from everything and another one does its work
      And its evidence can be preserved as it is written
      And all of the evidence is there, sealed, and without any secret
      And it can be removed and the system is whole as it is written
      And every visitor request was answered

  @TASK-002-DOD-6
  Rule: Security monitoring alerts configured

    Scenario: Security alerts reach a receiver
      When the operator asks for the alert rules and their receivers
      Then there are security alert rules and each of them works
      And a receiver gets the alerts
