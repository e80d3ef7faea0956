"""Scans of pushed images for known vulnerabilities, as Amazon ECR's basic scanning makes them.

values   a scan and its findings, and EventBridge's event of a scan
report   Trivy's report, as a scan
trivy    the real Trivy, run on an image's files
scans    scans images in the background, one after the other; the scans on disk
"""
