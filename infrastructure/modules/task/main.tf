# A task definition with its roles, secrets and log group. Module service keeps its tasks running. A one-off
# task (`purpose`) runs once and ends.

locals {
  name           = join("-", compact([var.name, var.program_name, var.purpose]))
  log_group_name = join("/", compact(["/ecs", var.name, var.program_name, var.purpose]))

  # By number, as its Dockerfile has it: nothing runs as root.
  user = "10001:10001"

  # Debian has no image without bash, and the programs' images no curl. Python would take 35 times the CPU,
  # only to start: a tenth of the smallest task. The router's image has curl, at eight times the CPU.
  # The asterisk is for the end of the line: Fluent Bit 5.1 answers without a reason after the number.
  health_check_commands = {
    for container, check in { program = { path = var.health_check_path, seconds = 4 }, router = { path = "/api/v1/uptime", seconds = 1 } } :
    container => [
      "CMD", "bash", "-c",
      "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET ${check.path} HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3 && read -rt ${check.seconds} -u 3 _ status _ && [[ $status == 200* ]]",
    ] if check.path != null
  }

  secrets = merge(
    var.secrets,
    {
      for name, secret in var.generated_secrets : secret.environment_name => {
        secret_arn  = aws_secretsmanager_secret.generated[name].arn
        json_key    = null
        kms_key_arn = var.kms_key_arn
      }
    },
  )

  container = {
    name                   = var.program_name
    image                  = var.image
    essential              = true
    user                   = local.user
    readonlyRootFilesystem = true
    stopTimeout            = 40 # seconds from SIGTERM to SIGKILL
    command                = var.command

    portMappings = [
      for port in var.port[*] : {
        name          = var.program_name
        containerPort = port
        hostPort      = port
        protocol      = "tcp"
        appProtocol   = "http"
      }
    ]

    environment = [for name in sort(keys(var.environment)) : { name = name, value = var.environment[name] }]

    secrets = [
      for name in sort(keys(local.secrets)) : {
        name      = name
        valueFrom = local.secrets[name].json_key == null ? local.secrets[name].secret_arn : "${local.secrets[name].secret_arn}:${local.secrets[name].json_key}::"
      }
    ]

    # The load balancer stops using a task after half a minute without an answer. Only after 50 seconds is
    # it replaced: a task that is merely busy would leave its load to the others.
    healthCheck = var.health_check_path == null ? null : {
      command     = local.health_check_commands["program"]
      interval    = 10
      timeout     = 5
      retries     = 5
      startPeriod = 30
    }

    linuxParameters = {
      initProcessEnabled = true
      # An empty add, since ECS returns it and the provider compares the lists.
      capabilities = { add = [], drop = ["ALL"] }
    }

    # ECS Exec's agent writes below these two, the only writable parts of the file system. AWS does not
    # support a read-only one, but with these volumes it works (aws/containers-roadmap#1359).
    mountPoints = [
      for name in sort(keys(local.exec_volumes)) : {
        sourceVolume  = name
        containerPath = local.exec_volumes[name]
        readOnly      = false
      }
    ]

    # Logs go to the router, so it has to start first and stop last.
    logConfiguration = {
      logDriver = "awsfirelens"
      options   = { "log-driver-buffer-limit" = "2097152" }
    }

    dependsOn = [{ containerName = local.log_router.name, condition = "HEALTHY" }]
  }

  # program/fluentbit: its configuration is in its image and reads this environment. With its user
  # named, ECS gives it the directory of the socket (since October 2025; amazon-ecs-agent 1.96).
  log_router = {
    name                   = "log_router"
    image                  = var.log_router.image
    essential              = true
    user                   = local.user
    readonlyRootFilesystem = true
    memoryReservation      = 64
    stopTimeout            = 60 # above the 30 seconds (grace) that it takes for its last records

    # It finds its buffer again, which is the task's. Without a policy its end would be the task's, and the
    # buffer's. Fargate restarts it once in this time (seconds), which is the shortest.
    restartPolicy = { enabled = true, restartAttemptPeriod = 60 }

    firelensConfiguration = { type = "fluentbit" }

    environment = [
      { name = "AWS_REGION", value = var.account.region },
      { name = "LOG_BUCKET", value = var.log_router.bucket_name },
      { name = "LOG_GROUP", value = aws_cloudwatch_log_group.this.name },
      { name = "LOG_PREFIX", value = var.program_name },
    ]

    # It checks only the process: a destination that is down must not stop the program.
    healthCheck = {
      command     = local.health_check_commands["router"]
      interval    = 5
      timeout     = 2
      retries     = 3
      startPeriod = 10
    }

    linuxParameters = {
      capabilities = { add = [], drop = ["ALL"] }
    }

    mountPoints = [{ sourceVolume = "log-buffer", containerPath = "/var/lib/fluent-bit", readOnly = false }]

    # The router's own log cannot go through the router.
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.account.region
        "awslogs-stream-prefix" = "router"
      }
    }
  }

  exec_volumes = var.exec == null ? {} : {
    exec-agent = "/var/lib/amazon"
    exec-log   = "/var/log/amazon"
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = module.execution_role.arn
  task_role_arn            = module.task_role.arn
  container_definitions = jsonencode([
    { for key, value in local.container : key => value if value != null },
    local.log_router,
  ])

  # A deploy registers its own revision, with the image that the parameter then names. Terraform reads the
  # latest revision, so the plan shows no difference.
  track_latest = true

  # A replaced revision stays, since ECS rolls back to it.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  dynamic "volume" {
    for_each = toset(concat(["log-buffer"], keys(local.exec_volumes)))

    content {
      name = volume.value
    }
  }

  lifecycle {
    precondition {
      condition     = contains(lookup(local.fargate_memory, tostring(var.cpu), []), var.memory)
      error_message = "Fargate has no task of ${var.cpu} CPU units with ${var.memory} MiB. For ${var.cpu} it has: ${join(", ", lookup(local.fargate_memory, tostring(var.cpu), ["nothing (cpu must be 256, 512, 1024, 2048, 4096 or 8192)"]))}."
    }

    precondition {
      condition     = length(setintersection(keys(var.environment), keys(local.secrets))) == 0
      error_message = "A name is in both environment and secrets: ${join(", ", setintersection(keys(var.environment), keys(local.secrets)))}."
    }
  }
}

locals {
  # Task CPU and memory: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
  fargate_memory = {
    "256"  = [512, 1024, 2048]
    "512"  = range(1024, 4096 + 1, 1024)
    "1024" = range(2048, 8192 + 1, 1024)
    "2048" = range(4096, 16384 + 1, 1024)
    "4096" = range(8192, 30720 + 1, 1024)
    "8192" = range(16384, 61440 + 1, 4096)
  }
}

# ---------------------------------------------------------------------------------------------
# Log group
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# ---------------------------------------------------------------------------------------------
# Generated secrets: the values exist only in Secrets Manager, never in the state
# ---------------------------------------------------------------------------------------------

ephemeral "random_password" "generated" {
  for_each = var.generated_secrets

  length  = each.value.length
  special = false
}

resource "aws_secretsmanager_secret" "generated" {
  #checkov:skip=CKV2_AWS_57:rotated by its version
  for_each = var.generated_secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.secret_recovery_window_days
}

resource "aws_secretsmanager_secret_version" "generated" {
  for_each = var.generated_secrets

  secret_id                = aws_secretsmanager_secret.generated[each.key].id
  secret_string_wo         = ephemeral.random_password.generated[each.key].result
  secret_string_wo_version = each.value.version
}
