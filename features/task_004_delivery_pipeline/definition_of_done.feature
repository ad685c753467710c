@TASK-004
Feature: The delivery pipeline is done
  What the team requires of the pipeline before it is called finished.

  Background:
    Given the checkout system is deployed

  @TASK-004-DOD-2
  Rule: Security scanning integrated

    @repository
    Scenario Outline: CI keeps the pipeline safe from <change>
      Given the security workflow passes before <change>
      When a developer proposes <change>
      Then the security workflow blocks it
      And it reports the finding and its place
      And it uploads the finding as SARIF

      Examples:
        | change                                                  |
        | a push with a message that runs in the pipeline         |
        | a pull request with an action that its owner can change |
        | a push with a secret in the pipeline                    |
        | a push with dangerous code in the pipeline              |
