"""What k3d 5 and docker print, in the form that their documentation and issue reports show."""

from __future__ import annotations

K3D_VERSION = "k3d version v5.9.0\nk3s version v1.33.6-k3s1 (default)\n"
K3D_TOO_OLD = "k3d version v5.4.9\nk3s version v1.25.7-k3s1 (default)\n"
K3D_STRANGE = "k3d, development build\n"

CREATED = """\
INFO[0000] Prep: Network
INFO[0000] Created network 'k3d-{name}'
INFO[0000] Creating node 'k3d-{name}-registry'
INFO[0000] Successfully created registry 'k3d-{name}-registry'
INFO[0001] Creating node 'k3d-{name}-server-0'
INFO[0001] Creating LoadBalancer 'k3d-{name}-serverlb'
INFO[0002] Starting Node 'k3d-{name}-server-0'
INFO[0007] Starting Node 'k3d-{name}-serverlb'
INFO[0014] Cluster '{name}' created successfully!
"""
ROLLED_BACK = """\
ERRO[0030] Failed Cluster Start: Failed to start server k3d-{name}-server-0: stopped unexpectedly
ERRO[0030] Failed to create cluster >>> Rolling Back
FATA[0031] Cluster creation FAILED, all changes have been rolled back!
"""
PORT_TAKEN = """\
ERRO[0009] Failed Cluster Start: error during post-start cluster preparation: driver failed \
programming external connectivity on endpoint k3d-{name}-serverlb: Bind for 127.0.0.1:{port} \
failed: port is already allocated
FATA[0010] Cluster creation FAILED, all changes have been rolled back!
"""
BALANCER_FAILED = """\
WARN[0010] Failed to start helper k3d-{name}-serverlb: driver failed programming external \
connectivity: Bind for 127.0.0.1:{port} failed: port is already allocated
INFO[0011] Cluster '{name}' created successfully!
"""
DISK_FULL = """\
FATA[0004] Failed Cluster Preparation: failed to create container: write /var/lib/docker/tmp: \
no space left on device
"""
NO_DAEMON = """\
Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
"""
NO_RIGHT = """\
permission denied while trying to connect to the Docker daemon socket at \
unix:///var/run/docker.sock
"""
PULL_TIMEOUT = "Error response from daemon: net/http: request canceled (Client.Timeout exceeded)\n"
PUSHED = f"""\
The push refers to repository [localhost:40004/checkout-backend]
5f70bf18a086: Pushed
3f: digest: sha256:{"5c1d" * 16} size: 1574
"""
PUSH_REFUSED = 'Get "http://localhost/v2/": dial tcp 127.0.0.1: connect: connection refused\n'
NO_IMAGE = "Error response from daemon: No such image: {name}\n"

KUBECONFIG = """\
---
apiVersion: v1
clusters:
- cluster:
    server: https://127.0.0.1:6550
  name: k3d-{name}
contexts:
- context:
    cluster: k3d-{name}
    user: admin@k3d-{name}
  name: k3d-{name}
current-context: k3d-{name}
kind: Config
users:
- name: admin@k3d-{name}
  user:
    token: made-up
"""
