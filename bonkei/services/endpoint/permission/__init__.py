"""May the caller make this call? AWS asks IAM; this package asks `bonkei.analysis.policy`.

`required` names the actions and resources that a call needs: `s3` from an HTTP request, `services`
from the parameters of the others. `estate` holds the policies that the definitions declare.
`authorizer.Authorizer` decides each call and records denials and use in `ledger`.
"""
