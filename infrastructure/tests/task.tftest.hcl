# A task: the containers beside the program, its rights, and its environment.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                        = "test-development"
  account                     = { id = "123456789012", region = "ap-northeast-1" }
  program_name                = "backend"
  image                       = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/test-development/backend:1"
  repository_arn              = "arn:aws:ecr:ap-northeast-1:123456789012:repository/test-development/backend"
  kms_key_arn                 = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-666666666666"
  port                        = 8000
  health_check_path           = "/healthcheck"
  cpu                         = 256
  memory                      = 512
  secret_recovery_window_days = 0
  log_retention_days          = 7
  environment                 = { LOG_LEVEL = "INFO" }

  secrets = {
    DATABASE_PASSWORD = {
      secret_arn  = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:database-AbCdEf"
      json_key    = "password"
      kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-777777777777"
    }
  }

  generated_secrets = {
    session = { environment_name = "SESSION_SECRET", description = "Signs cookies" }
  }

  log_router = {
    image          = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/test-development/fluentbit:1"
    repository_arn = "arn:aws:ecr:ap-northeast-1:123456789012:repository/test-development/fluentbit"
    bucket_name    = "test-development-program-logs-123456789012"
    bucket_arn     = "arn:aws:s3:::test-development-program-logs-123456789012"
    kms_key_arn    = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
}

run "task" {
  command = apply

  module {
    source = "./modules/task"
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.name] == ["backend", "log_router"]
    error_message = "The log router runs beside the program."
  }

  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.readonlyRootFilesystem && container.user == "10001:10001"])
    error_message = "Nothing runs as root, or writes to its image."
  }

  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.linuxParameters.capabilities == { add = [], drop = ["ALL"] }])
    error_message = "No capability is left; and without add every plan would replace the task definition, as ECS gives it back."
  }

  assert {
    condition     = aws_ecs_task_definition.this.skip_destroy && aws_ecs_task_definition.this.track_latest
    error_message = "A release's revision is not a difference, and the one before stays to be rolled back to."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].dependsOn == [{ condition = "HEALTHY", containerName = "log_router" }]
    error_message = "The program waits for its log router."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].restartPolicy == { enabled = true, restartAttemptPeriod = 60 } && contains(aws_ecs_task_definition.this.volume[*].name, jsondecode(aws_ecs_task_definition.this.container_definitions)[1].mountPoints[0].sourceVolume)
    error_message = "A router that ends begins again, and finds its buffer."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].stopTimeout > 30
    error_message = "The log router needs more than its grace of 30 seconds to stop."
  }

  assert {
    condition = { for secret in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets : secret.name => secret.valueFrom } == {
      DATABASE_PASSWORD = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:database-AbCdEf:password::"
      SESSION_SECRET    = output.generated_secret_arns["session"]
    }
    error_message = "Secrets reach the program by reference."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.generated["session"].secret_string == null || aws_secretsmanager_secret_version.generated["session"].secret_string == ""
    error_message = "A generated secret must not be in the state."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(module.execution_role.policies["start-task"]).Statement : statement.Resource != "*" || statement.Action == "ecr:GetAuthorizationToken"])
    error_message = "The execution role may act on everything only to sign in to ECR."
  }

  assert {
    condition     = !contains(keys(module.task_role.policies), "open-shell")
    error_message = "Without exec no one opens a shell."
  }

  assert {
    condition     = strcontains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].healthCheck.command[3], "GET /healthcheck HTTP") && strcontains(jsondecode(aws_ecs_task_definition.this.container_definitions)[1].healthCheck.command[3], "GET /api/v1/uptime HTTP")
    error_message = "Each container is asked for its own path."
  }

  assert {
    condition     = output.release.family == aws_ecs_task_definition.this.family && output.release.log_group_name == aws_cloudwatch_log_group.this.name
    error_message = "What the pipeline is told before the task is there is true of it."
  }

  assert {
    condition     = output.family == "test-development-backend" && output.log_group_name == "/ecs/test-development/backend"
    error_message = "The service's task is called after the program."
  }
}

run "one_off" {
  command = apply

  module {
    source = "./modules/task"
  }

  # It is an addition to the service's task, not a replacement.
  state_key = "one-off"

  variables {
    purpose           = "migrate"
    command           = ["python", "-m", "backend", "migrate"]
    port              = null
    health_check_path = null
    generated_secrets = {}
  }

  assert {
    condition     = output.family == "test-development-backend-migrate" && output.log_group_name == "/ecs/test-development/backend/migrate"
    error_message = "A one-off task has a name and a log of its own."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].name == "backend" && !can(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].portMappings[0])
    error_message = "It is the same program, which listens to no one."
  }
}

run "with_shells" {
  command = apply

  module {
    source = "./modules/task"
  }

  variables {
    exec = {
      kms_key_arn   = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-888888888888"
      log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/ecs/test-development/exec"
    }
  }

  assert {
    condition     = toset([for mount in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].mountPoints : mount.containerPath]) == toset(["/var/lib/amazon", "/var/log/amazon"])
    error_message = "The agent of ECS Exec needs to write somewhere."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_a_name_that_roles_cannot_have" {
  command = plan

  module {
    source = "./modules/task"
  }

  variables {
    purpose = "Migrate"
  }

  expect_failures = [var.purpose]
}

run "refuses_an_image_without_tag_and_wrong_values" {
  command = plan

  module {
    source = "./modules/task"
  }

  variables {
    image                       = "example.com/backend" # no tag
    port                        = 80                    # root's
    cpu_architecture            = "RISCV"               # unknown
    health_check_path           = "/'; :"               # it would end the command's quotes
    secret_recovery_window_days = 3                     # Secrets Manager lacks it

    # Too short a secret.
    generated_secrets = {
      session = { environment_name = "SESSION_SECRET", description = "Signs cookies", length = 8 }
    }
  }

  expect_failures = [
    var.port,
    var.cpu_architecture,
    var.health_check_path,
    var.secret_recovery_window_days,
    var.generated_secrets,
    var.image,
  ]
}

run "refuses_the_latest_image" {
  command = plan

  module {
    source = "./modules/task"
  }

  variables {
    image = "example.com/backend:latest"
  }

  expect_failures = [var.image]
}

run "refuses_a_size_that_fargate_lacks" {
  command = plan

  module {
    source = "./modules/task"
  }

  variables {
    memory = 4096
  }

  expect_failures = [aws_ecs_task_definition.this]
}

run "refuses_a_name_that_is_both_variable_and_secret" {
  command = plan

  module {
    source = "./modules/task"
  }

  variables {
    environment = { DATABASE_PASSWORD = "x" }
  }

  expect_failures = [aws_ecs_task_definition.this]
}
