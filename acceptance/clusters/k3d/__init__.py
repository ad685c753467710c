"""An ephemeral k3s cluster in containers, which the k3d command line makes."""
