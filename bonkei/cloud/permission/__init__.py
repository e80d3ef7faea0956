"""May the caller make this call? What AWS asks IAM, asked of `bonkei.policy`.

`required` says which actions on which resources a call needs: `s3` from an HTTP request, `services`
from the parameters of the others. `estate` holds the policies that the definitions declare.
`authorizer.Authorizer` decides each call and records denials and use in `ledger`.
"""
