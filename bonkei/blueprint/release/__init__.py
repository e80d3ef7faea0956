"""The parts that a release passes through.

code_repository     CodeCommit
pipeline            CodePipeline
build_project       CodeBuild
image_repository    ECR
"""
