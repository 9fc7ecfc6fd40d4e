"""SELinux: policy in CIL, the Common Intermediate Language."""
