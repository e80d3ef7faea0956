"""CodePipeline: runs declared pipelines."""
