"""The resource types that are served: from properties to what Terraform's state has of the same.

A stack's resource and Terraform's become the same values of the blueprint, since the same readers
read both. So a type here only maps the names of CloudFormation's properties to those in Terraform's
state.

kind        a type's particulars; the values of one resource
schemas     what AWS's registry says of each type
checking    properties against a schema: refusals, and texts where a number or a flag belongs
catalogue   every type that is served
shared      tools for several types
<service>   its types
"""
