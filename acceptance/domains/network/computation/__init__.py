"""What all policies of the cluster allow, computed over all addresses and pods."""
