# A build: where it runs, its environment, and its rights.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name              = "test-development-pipeline-program-deploy"
  account           = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  description       = "Lets the services run the new images"
  buildspec         = "environment/buildspecs/program_deploy.yaml"
  environment       = { RELEASE = "{}" }
  policy            = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Sid\": \"UpdateServices\", \"Effect\": \"Allow\", \"Action\": \"ecs:UpdateService\", \"Resource\": \"arn:aws:ecs:ap-northeast-1:123456789012:service/test-development/backend\"}]}"
  timeout_minutes   = 45
  cpu_architecture  = "ARM64"
  vpc_id            = "vpc-0123456789abcdef0"
  subnet_ids        = ["subnet-0123456789abcdef0"]
  security_group_id = "sg-0123456789abcdef0"

  artifacts = {
    bucket_arn  = "arn:aws:s3:::test-development-program-artifacts-123456789012"
    kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  log = {
    group_name  = "/codebuild/test-development-pipeline-program"
    group_arn   = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/codebuild/test-development-pipeline-program"
    stream_name = "deploy"
  }
}

run "build" {
  command = apply

  module {
    source = "./modules/build"
  }

  assert {
    condition     = !aws_codebuild_project.this.environment[0].privileged_mode && aws_codebuild_project.this.environment[0].type == "ARM_CONTAINER"
    error_message = "Privileges are for those who ask for them."
  }

  assert {
    condition     = aws_codebuild_project.this.source[0].buildspec == "environment/buildspecs/program_deploy.yaml" && { for variable in aws_codebuild_project.this.environment[0].environment_variable : variable.name => variable.value } == { RELEASE = "{}" }
    error_message = "It does what the repository says, with what it is told."
  }

  assert {
    condition     = aws_codebuild_project.this.service_role == module.role.arn && aws_codebuild_project.this.vpc_config[0].subnets == toset(["subnet-0123456789abcdef0"])
    error_message = "It runs inside the VPC, with its own role."
  }

  assert {
    condition     = contains([for statement in jsondecode(module.role.policies["run-build"]).Statement : statement.Sid], "UpdateServices")
    error_message = "Its role may do what was given."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(module.role.policies["run-build"]).Statement : statement.Resource != "*" || statement.Sid == "FindNetwork"
    ])
    error_message = "Only a network interface has no ARN before it is made."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/build"
  }

  variables {
    buildspec        = "/tmp/buildspec.yaml" # outside the source
    timeout_minutes  = 1                     # too short
    cpu_architecture = "RISCV"               # unknown
  }

  expect_failures = [var.buildspec, var.timeout_minutes, var.cpu_architecture]
}
