@TASK-003
Feature: Monitoring & Observability Setup
  A signal is followed from its cause to the person who has to act.

  Background:
    Given the checkout system is deployed

  @TASK-003-AC-4
  Rule: Application performance monitoring (APM) configured

    @needs-traces
    Scenario: A visitor's checkout is one trace from the browser to the database
      Given a visitor has completed a checkout in the browser
      When the operator looks up the trace of the checkout
      Then all its calls are in one trace, from the browser through ingress and backend to the database
      And no span of the trace lacks its parent
      And each span lies within its parent, and the durations add up

    @needs-traces @disturbing
    Scenario: A statement that the database refuses is marked in the trace
      Given a visitor has a checkout with items
      And the database refuses to write payments
      When the visitor tries to pay the checkout
      Then the trace of the payment marks the refused statement and no other

    @needs-traces
    Scenario: A log line leads to the trace of its request
      Given a visitor was served by the backend
      When the operator follows the log line of the request to its trace
      Then the trace has the span of this request in this pod
