@TASK-003
Feature: What is done before the observability counts as done
  How a team can rely on its monitoring at night.

  Background:
    Given the checkout system is deployed

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

    @disturbing
    Scenario: The contact check arrives
      Given a receiver of this run gets every alert
      And the operator has read the on-call page
      When the operator makes the contact check as the page says
      Then it arrives at the receiver of each severity
