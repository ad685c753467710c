"""Steps about the security contexts of containers, and about the admission of pods."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.pod_security import (
    AdmissionAttempt,
    AdmissionTester,
    ContainerInspector,
    ImageInspector,
    InspectedContainer,
    PodFacts,
)


@when("every running container is inspected from inside", target_fixture="inspected")
def _(container_inspector: ContainerInspector) -> Sequence[InspectedContainer]:
    return container_inspector.inspect_containers()


@then("no process runs as root")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_no_root(inspected)


@then("no process has a capability or can gain one")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_no_capabilities(inspected)


@then("seccomp filters the system calls of every process")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_seccomp_filter(inspected)


@then("the root file system of every container is read-only")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_read_only_root(inspected)


@then("no container shares a Linux namespace with its node or another pod")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_own_namespaces(inspected)


@then("no container holds a credential of the cluster, of a cloud or of another service")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_no_credentials(inspected)


@then("no container has variables with the addresses of Services")
def _(container_inspector: ContainerInspector, inspected: Sequence[InspectedContainer]) -> None:
    container_inspector.assert_no_service_variables(inspected)


@when(
    "the image that each container requests is compared with the one that runs",
    target_fixture="pods",
)
def _(image_inspector: ImageInspector) -> Sequence[PodFacts]:
    return image_inspector.pods_of_workloads()


@then("each container requests its image by digest and runs it")
def _(image_inspector: ImageInspector, pods: Sequence[PodFacts]) -> None:
    image_inspector.assert_images_by_digest(pods)


@given("a namespace without restrictions", target_fixture="unrestricted_namespace")
def _(admission_tester: AdmissionTester) -> str:
    return admission_tester.create_unrestricted_namespace()


@when(
    "a pod with each field that the standard forbids is requested there and in the system",
    target_fixture="attempts",
)
def _(admission_tester: AdmissionTester, unrestricted_namespace: str) -> Sequence[AdmissionAttempt]:
    return admission_tester.request_forbidden_pods(unrestricted_namespace)


@then("the namespace without restrictions accepts each of them")
def _(admission_tester: AdmissionTester, attempts: Sequence[AdmissionAttempt]) -> None:
    admission_tester.assert_accepted_where_unrestricted(attempts)


@then("the system refuses each of them because of that field")
def _(admission_tester: AdmissionTester, attempts: Sequence[AdmissionAttempt]) -> None:
    admission_tester.assert_refused_by_standard(attempts)
