"""Runners of actions, by provider.

source      CodeCommit, and CodeStarSourceConnection
codebuild   CodeBuild, as a build and as a test
shell       Commands, as an action and as a rule
approval    a person's approval
function    Lambda
deploy      ECS
upload      S3
artifact    shared: a zip in the artifact bucket
"""
