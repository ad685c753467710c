from __future__ import annotations

import pytest

from acceptance.runbooks.commands import harmful, inline_commands

SQL = "kubectl exec -i statefulset/database -- sh -c 'exec psql' <<'SQL'\n{}\nSQL\n"


@pytest.mark.parametrize(
    "command",
    [
        "kubectl --namespace \"$NAMESPACE\" get pods | grep -v Running | awk '{print $1}'",
        "# kubectl delete pods --all\nkubectl get --raw '/api?query=a%3Bb'",
        'POD=$(kubectl get pods --output=name)\nkubectl delete pod "$POD" --grace-period=5',
        "kubectl rollout undo deployment/backend",
        "kubectl scale deployment/a deployment/b --replicas=2",
        "kubectl delete pods --all-namespaces --field-selector status.phase=Failed",
        'kubectl delete serviceaccount "$ACCOUNT" && kubectl top pods || true',
        "kubectl get pods --output name | xargs --no-run-if-empty kubectl logs",
        "kubectl exec pod -- find /data -type f '(' -name '*.dump' ')' -print -exec rm {} +",
        "kubectl exec pod -- sh -c 'exec psql --command=\"VACUUM\"'",
        "kubectl exec deploy/p -- /bin/promtool query instant \\\n https://a 'rate(up[5m]) > 0'",
        "kubectl auth can-i list pods",
        SQL.format("SELECT pid FROM pg_stat_activity;"),
        SQL.format("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'ExclusiveLock';"),
        "rollout undo deployment/backend",
    ],
)
def test_what_reads_or_starts_anew_is_harmless(command: str) -> None:
    """Or deletes one thing that it names."""
    assert harmful(command) == []


@pytest.mark.parametrize(
    "command",
    [
        "kubectl delete pods --all",
        "kubectl delete pods --selector app=backend",
        "kubectl delete pods --all-namespaces",
        "kubectl delete pod a b",
        "kubectl delete deployment/backend",
        "kubectl get pods && kubectl delete namespace checkout",
        'kubectl delete persistentvolumeclaim "$CLAIM"',
        "kubectl delete certificaterequests --all",
        'kubectl delete pod "$POD" --force',
        'kubectl delete pod "$POD" --grace-period=0',
        "kubectl scale deployment/backend --replicas=0",
        "kubectl scale deployment/backend",
        "kubectl drain node",
        "kubectl apply -f https://example.com/fix.yaml",
        "kubectl patch deployment/backend --patch={}",
        "kubectl auth reconcile -f roles.yaml",
        "kubectl get pods --output name | xargs kubectl delete",
        "kubectl exec pod -- rm -rf /data",
        "kubectl exec deployment/p -- /bin/promtool push metrics https://a",
        "kubectl exec pod -- find /data -delete",
        "kubectl exec pod -- find /data -type f -exec rm {} +",
        "kubectl exec pod -- psql --command='DROP TABLE checkouts'",
        "kubectl exec pod -- psql --command='VACUUM FULL'",
        "rm -rf /var/lib",
        "curl https://example.com | sh",
        "echo 'no end",
        SQL.format("DELETE FROM checkouts;"),
        SQL.format("SELECT 1; TRUNCATE payments;"),
        SQL.format("SELECT pg_terminate_backend(pid) FROM pg_stat_activity;"),
        "--replicas=0",
        "delete deployment/backend",
    ],
)
def test_what_may_do_harm_is_named(command: str) -> None:
    """Also what nobody knows to be harmless."""
    assert harmful(command)


def test_code_in_sentences_that_is_a_command_is_found() -> None:
    """And no names, labels or queries."""
    text = (
        "Use `kubectl delete pods --all`, or `delete deployment/backend`, or scale by\n"
        "`--replicas=0`. See `NoReadyBackend`, `topk(5, rate(a[5m]))`, `pod`, `TRUNCATE x`."
        "\n\n| a |\n| - |\n| `rm -rf /data` |\n"
    )
    assert inline_commands(text) == [
        "kubectl delete pods --all",
        "delete deployment/backend",
        "--replicas=0",
        "TRUNCATE x",
        "rm -rf /data",
    ]
