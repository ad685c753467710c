@TASK-004
Feature: CI/CD Pipeline Enhancement
  What happens to a commit, from the push of a developer to an image that may be deployed.

  Background:
    Given the checkout system is deployed

  @TASK-004-AC-1
  Rule: GitHub Actions workflow for backend builds

    @uses-cluster
    Scenario: A commit to the backend becomes an image that answers as that commit
      When a developer pushes a sound commit to the backend
      Then the workflow of the backend passes, and pushes one image of that commit
      And the workflows of other parts build nothing
      And a pod that runs the image answers as that commit
      And a second run builds nothing anew

    @repository
    Scenario: Each file of the backend starts its build, and no other does
      When the pipeline of the backend is asked about a change of each file
      Then each file of the backend starts its build, however it comes
      And the workflow of the backend starts for each push and pull request
      And no other file starts the build of the backend

    @repository
    Scenario Outline: The workflow of the backend stops <commit>
      When a developer pushes <commit>
      Then the workflow fails, says what is wrong, and pushes nothing

      Examples:
        | commit                               |
        | backend code that does not compile   |
        | backend code that the linter refuses |
        | no lock file of the backend          |

  @TASK-004-AC-2
  Rule: GitHub Actions workflow for frontend builds

    @uses-cluster
    Scenario: A commit to the frontend becomes an image that answers as that commit
      When a developer pushes a sound commit to the frontend
      Then the workflow of the frontend passes, and pushes one image of that commit
      And the workflows of other parts build nothing
      And a pod that runs the image answers as that commit
      And a second run builds nothing anew
      And a picture that is changed alone is served by the image of its commit

    @repository
    Scenario: Each file of the frontend starts its build, and no other does
      When the pipeline of the frontend is asked about a change of each file
      Then each file of the frontend starts its build, however it comes
      And the workflow of the frontend starts for each push and pull request
      And no other file starts the build of the frontend

    @repository
    Scenario Outline: The workflow of the frontend stops <commit>
      When a developer pushes <commit>
      Then the workflow fails, says what is wrong, and pushes nothing

      Examples:
        | commit                                |
        | frontend code that does not compile   |
        | frontend code that the linter refuses |
        | no lock file of the frontend          |

  @TASK-004-AC-3
  Rule: Automated testing in pipeline

    @repository
    Scenario Outline: The tests of the pipeline stop <commit>
      When a developer pushes <commit>
      Then the workflow fails, says what is wrong, and pushes nothing

      Examples:
        | commit                                                  |
        | a mistake that a unit test finds                        |
        | a mistake that only an integration test finds           |
        | a mistake that a test of the page finds                 |
        | a test of the page that passes only when it is repeated |
        | integration tests that find no database                 |
        | a test replaced by another                              |
        | a file of tests deselected                              |
        | all tests of the page but one left out                  |

  @TASK-004-AC-4
  Rule: Docker image building and scanning

    @repository
    Scenario Outline: The image of the <part> is signed, with its contents, its scan and its origin
      When a developer pushes a commit to the <part> that adds packages to its image
      Then the workflow of the <part> passes, and pushes one image of that commit
      And the image and what is said of it are signed
      And its list of contents has each package that is in it, and no other
      And the scan has seen all packages, and found nothing critical
      And its provenance names the workflow and the commit
      And an image that is built of the same commit elsewhere has the same digest
      And the image can be promoted, with its digest

      Examples:
        | part     |
        | backend  |
        | frontend |

    @repository
    Scenario Outline: The pipeline stops <commit>
      When a developer pushes <commit>
      Then the workflow fails, says what is wrong, and pushes nothing

      Examples:
        | commit                                |
        | an image that lacks a security update |
        | a private key in a layer of the image |

    @repository
    Scenario: Only what the pipeline has signed is promoted
      Given an operator has made, pushed and signed an image of the backend by hand
      When somebody tampers with the image and with what is signed of it
      Then each of them is refused for its own reason
      And a registry that does not answer is told from an image that is at fault
      And the image can be promoted, with its digest

  @TASK-004-AC-5
  Rule: Automated deployment to k3s

    Scenario: The cluster that is deployed to is k3s
      When the operator asks the cluster for its version
      Then the cluster is k3s

    # Hundreds of requests in a second, and a pipeline beside them, need the machine for themselves.
    @changes-application @uses-cluster @measures-time
    Scenario Outline: A commit to the <part> is deployed, and no visitor notices
      Given visitors are paying checkouts steadily
      When the pipeline deploys a sound commit that a developer pushes to the <part>
      Then every pod of the part runs the image of the commit, and the ingress answers as that commit
      And no visitor noticed: no request failed, and after the new version nobody met the old one
      And every request of the paying visitors was answered
      And each acknowledged write was done once, and no other twice
      And whoever deploys may do nothing else
      And a person can deploy what the pipeline has signed by hand, and nothing else

      Examples:
        | part     |
        | backend  |
        | frontend |
