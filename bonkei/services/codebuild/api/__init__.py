"""CodeBuild's API, for the AWS endpoint.

api      the operations
shapes   projects and builds under the model's names: pure
"""
