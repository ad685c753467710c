@TASK-001
Feature: Definition of Done of the k3s production deployment
  What has to be shown beside the running system before the team calls the task done.

  Background:
    Given the checkout system is deployed

  @TASK-001-DOD-1
  Rule: Code reviewed and approved

    @repository
    Scenario: Every change since the last release was approved by somebody else
      When the auditor looks for an approval of every change since the last release
      Then no change is approved by its own author only
      And no reviewer's last decision is a request for changes
      And every change was approved by somebody other than its author

  @TASK-001-DOD-2
  Rule: All tests passing (unit + integration)

    @repository
    Scenario: The system's own tests pass now
      When the tester runs all tests of the system
      Then no test is missing or skipped without a reviewed exception
      And tests of every kind ran and none failed
      And the integration tests ran against a real database

  @TASK-001-DOD-3
  Rule: Security scan completed with no critical issues

    Scenario: A security scan of the release finds nothing critical
      When the security engineer scans everything in the release
      Then every critical finding has a reviewed exception
      And the code, the deployment, the files for secrets and the images were all scanned

  @TASK-001-DOD-4
  Rule: Documentation updated

    @repository
    Scenario: Everything that can be deployed, set and run is documented
      When the reviewer looks up in the documentation what can be deployed, set and run
      Then every workload is documented
      And every setting is documented
      And every make target is documented

    @repository
    Scenario: What the documentation says of settings is what is configured
      When the reviewer compares what the documentation says of settings with the configuration
      Then every value, default and user of a setting is told as it is configured
      And no sentence contradicts the configuration
      And every table that is made from the configuration is current

    @repository
    Scenario: No link in the documentation is broken
      When the reviewer follows every link of the documentation
      Then no link inside the repository is broken

    @repository
    Scenario: What the documentation tells people to run exists and works
      When the reviewer checks the commands and files that the documentation mentions
      Then everything that the documentation mentions exists
      And every command that it marks to be run succeeds

    @repository
    Scenario: No page is older than what it documents
      When the reviewer compares each page with the changes of what it documents
      Then no page is older than the last change of what it documents

  @TASK-001-DOD-5
  Rule: Deployment tested in staging environment

    Scenario: A new staging environment runs the release and serves visitors
      Given the operator has deployed a new staging environment
      When a visitor of staging opens the page and pays a checkout
      Then the visitor finds the paid checkout in staging again
      And every workload of staging is at full strength
      And staging runs exactly the images of the release

  @TASK-001-DOD-6
  Rule: Performance benchmarks meet requirements

    @disturbing @measures-time
    Scenario: The system meets its performance requirements under the stated load
      Given the team has stated performance requirements
      When the stated number of visitors uses the system
      Then the stated number of backend pods served them
      And there were enough requests to judge
      And the 95th percentile of the response times is within its limit
      And the throughput is at least the required one
      And the error rate is within its limit

  @TASK-001-DOD-7
  Rule: Monitoring and logging configured

    @needs-metrics
    Scenario: Prometheus scrapes every backend pod
      When the operator asks Prometheus for its scrape targets
      Then every backend pod is scraped successfully

    @needs-logs
    Scenario: A request is found in the log store
      Given a visitor was served by the backend
      When the operator searches the log store for the request
      Then the log store has a line of the request

  @TASK-001-DOD-8
  Rule: Backup and recovery procedures documented

    @repository
    Scenario: The backup and recovery runbook is complete and was rehearsed recently
      When the operator reads the backup and recovery runbook
      Then the runbook has every section and command that an operator needs
      And its backup schedule meets its RPO
      And something or somebody makes its backups as often as it asks for
      And its last rehearsal is recent enough

    @changes-application @uses-cluster
    Scenario: A deleted checkout is restored by following the runbook
      Given a visitor has paid a checkout
      And every table of the database has rows
      And visitors are sending requests to the backend steadily
      And the operator has followed the runbook to back up
      And the checkout was deleted by mistake
      When the operator follows the runbook to restore
      Then every visitor request during the backup was answered
      And the visitor finds the checkout with its items again
      And everything in the database is as it was
      And the restore took no longer than the RTO
      And the operator can clean up by following the runbook
