"""Amazon ECS: its API describes and changes the miniature's own services and tasks.

`values` is the API's view of services and tasks; `descriptions` writes them in the API's form;
`service` answers operations that describe them, `changes` those that change them and start tasks,
`definitions` and `deployments` both kinds, and `shells` has the command beside a task. Missing
members of a description are optional in the API. Source: the Amazon ECS API Reference.
"""
