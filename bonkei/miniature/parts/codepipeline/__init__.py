"""CodePipeline and CodeCommit in the miniature.

pipelines what the supervisor uses
ways      S3, IAM and the repositories, for the runners of actions
builds    CodeBuild, for the runners of actions
pushes    a push as an event
"""
