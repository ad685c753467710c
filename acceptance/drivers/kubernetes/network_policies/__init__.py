"""What NetworkPolicies mean: which pods and addresses may connect to which, on which ports."""
