"""The supported resource types: from properties to the values of Terraform's state.

A stack's resource and Terraform's become the same values of the blueprint, since the same readers
read both. So a type here only maps the names of CloudFormation's properties to those in Terraform's
state.

kind        the details of a type; the values of one resource
schemas     the entry of each type in AWS's registry
checking    properties against a schema: refusals, and texts where a number or a flag belongs
catalogue   every supported type
<service>   its types
"""
