"""CloudWatch Logs' API over the store: one module for each subject, joined in `api`.

Parameters and answers are those of botocore's model of the service `logs`; the endpoint encodes
them. Each operation is a function of the `Desk` (store, account, clock) and its parameters.
"""
