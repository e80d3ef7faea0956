"""The callers, and their credentials.

key                      the home's own key, from which all credentials are derived
credentials              access keys that contain their owner
environments             environment variables that give a client the endpoint and an identity
container_credentials    a task's credentials, provided as ECS does
signature, signature_v2  checks of signed calls and presigned URLs
browser_upload           checks of S3's upload forms
database_token           checks of an RDS token, in place of a password
git_signature            checks of a git client's sign-in
identity_center          the roles that Identity Center makes
role_names               the role that a person means by a part of its name
"""
