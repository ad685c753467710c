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

    # An empty cell is that of the row above. What is in brackets is on failed spans only.
    @needs-traces @disturbing
    Scenario: Exactly the declared spans and attributes are recorded
      Given a visitor has completed a checkout in the browser
      And another visitor has cancelled a checkout in the browser
      And a visitor has a checkout with items
      And the database refuses to write payments
      And a visitor has tried to pay it in vain
      When the operator collects the traces of all these visits
      Then they have exactly these spans, with these attributes:
        | service          | span                                           | attributes                                                                                                                                                                                                                                          |
        | checkout-browser | checkout                                       | checkout.outcome                                                                                                                                                                                                                                    |
        |                  | create checkout                                | http.request.method, http.response.status_code, url.template                                                                                                                                                                                        |
        |                  | read checkout                                  |                                                                                                                                                                                                                                                     |
        |                  | list checkouts                                 |                                                                                                                                                                                                                                                     |
        |                  | add item                                       |                                                                                                                                                                                                                                                     |
        |                  | pay                                            |                                                                                                                                                                                                                                                     |
        |                  | cancel                                         |                                                                                                                                                                                                                                                     |
        | ingress          | GET                                            | client.address, client.port, entry_point, http.request.body.size, http.request.method, http.response.status_code, network.peer.address, network.peer.port, network.protocol.version, server.address, url.path, url.query, url.scheme, user_agent.original |
        |                  | POST                                           |                                                                                                                                                                                                                                                     |
        |                  | ReverseProxy                                   | http.request.method, http.response.status_code, network.peer.address, network.peer.port, network.protocol.version, server.address, server.port, url.full, url.scheme, user_agent.original                                                           |
        | checkout-backend | POST /api/checkouts                            | request.id, http.request.method, http.route, http.response.status_code                                                                                                                                                                              |
        |                  | GET /api/checkouts                             |                                                                                                                                                                                                                                                     |
        |                  | GET /api/checkouts/{checkout_id}               |                                                                                                                                                                                                                                                     |
        |                  | POST /api/checkouts/{checkout_id}/items        |                                                                                                                                                                                                                                                     |
        |                  | POST /api/checkouts/{checkout_id}/cancellation |                                                                                                                                                                                                                                                     |
        |                  | POST /api/checkouts/{checkout_id}/payment      | request.id, http.request.method, http.route, http.response.status_code, (error.type)                                                                                                                                                                |
        |                  | connection                                     | db.system.name, db.namespace, server.address, server.port                                                                                                                                                                                           |
        |                  | COMMIT                                         | db.system.name, db.namespace, server.address, server.port, db.operation.name, db.query.text                                                                                                                                                         |
        |                  | SELECT checkouts                               | db.system.name, db.namespace, server.address, server.port, db.operation.name, db.query.text, db.collection.name                                                                                                                                     |
        |                  | INSERT checkouts                               |                                                                                                                                                                                                                                                     |
        |                  | UPDATE checkouts                               |                                                                                                                                                                                                                                                     |
        |                  | SELECT items                                   |                                                                                                                                                                                                                                                     |
        |                  | INSERT items                                   |                                                                                                                                                                                                                                                     |
        |                  | SELECT payments                                |                                                                                                                                                                                                                                                     |
        |                  | INSERT payments                                | db.system.name, db.namespace, server.address, server.port, db.operation.name, db.query.text, db.collection.name, (error.type)                                                                                                                       |
      And no span holds what a visitor typed

    @needs-traces
    Scenario: Nobody outside records spans in the name of a program
      When a visitor sends a span as the backend and one as a browser
      Then only the span of the browser is recorded
