"""Amazon ECS: its API describes and changes the miniature's own services and tasks.

`values` is the API's view of services and tasks; `descriptions` writes them in the API's form;
`service` answers operations that read and starts tasks once for each client token, `changes`
answers operations that change something, `definitions` and `deployments` both kinds, and
`shells` has the command beside a task. Missing members of a description are optional in the API.
Source: the Amazon ECS API Reference.
"""
