# A small system with the pipeline, the builds and the way to Slack of the real one: their modules, their
# buildspecs. Three tasks of one program behind a load balancer. The checks are as quick as AWS allows.

terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    archive = { source = "hashicorp/archive" }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

variable "trivy" {
  type = object({ version = string, sha256 = string })
}

data "aws_caller_identity" "current" {}

locals {
  name      = "shop-test"
  account   = { id = data.aws_caller_identity.current.account_id, region = "ap-northeast-1", partition = "aws" }
  port      = 8080
  role_arns = [aws_iam_role.this["task"].arn, aws_iam_role.this["execution"].arn]
}

module "network" {
  source             = "./modules/network"
  name               = local.name
  account            = local.account
  kms_key_arn = module.key.arn
  availability_zones = ["ap-northeast-1a", "ap-northeast-1c"]
}

module "cluster" {
  source  = "./modules/cluster"
  name    = local.name
  account = local.account
  kms_key_arn = module.key.arn
}

module "key" {
  source      = "./modules/key"
  name        = "${local.name}-web"
  account     = local.account
  description = "Images, builds and logs of the program"
  log_group_names = ["/codebuild/shop-test-pipeline-program", "/ecs/shop-test/exec", "/vpc/shop-test/flow"]
}

module "repository" {
  source              = "./modules/repository"
  name                = "${local.name}/web"
  kms_key_arn         = module.key.arn
  deletion_protection = false
}

resource "aws_s3_bucket" "access_logs" {
  bucket        = "${local.name}-access-logs"
  force_destroy = true
}

module "delivery" {
  source                     = "./modules/delivery"
  kms_key_arn = module.key.arn
  name                       = local.name
  account                    = local.account
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.subnet_ids["management"]
  endpoint_security_group_id = module.network.endpoint_security_group_id
  access_log_bucket          = aws_s3_bucket.access_logs.bucket
  source_repository          = { codecommit_repository_name = aws_codecommit_repository.this.repository_name }
  cpu_architecture           = "X86_64"
  trivy                      = var.trivy
  cluster_name               = module.cluster.name
  cluster_arn                = module.cluster.arn
  repositories               = { web = module.repository.release }
  site_url                   = "http://${aws_lb.this.dns_name}"
  log_retention_days         = 7

  services = {
    web = {
      service = { name = aws_ecs_service.web.name, arn = aws_ecs_service.web.id, min_capacity = 3 }
      task    = { family = aws_ecs_task_definition.this["web"].family, container_name = "web", role_arns = local.role_arns }
      pages   = ["/"]
    }
  }

  migrate = {
    task = {
      family         = aws_ecs_task_definition.this["migrate"].family
      container_name = "web"
      role_arns      = local.role_arns
      log_group_name = aws_cloudwatch_log_group.this.name
    }
    subnet_ids        = module.network.subnet_ids["app"]
    security_group_id = aws_security_group.this.id
  }

  runs_after = [aws_ecs_task_definition.this["migrate"].arn, aws_ecs_service.web.id]
}

resource "aws_codecommit_repository" "this" {
  repository_name = "shop"
}

# --- The way to Slack, and the rule of module monitoring ---

module "notification" {
  source                      = "./modules/notification"
  name                        = local.name
  account                     = local.account
  function_directory          = "${path.root}/../program/functions/alarm"
  secret_recovery_window_days = 0
  log_retention_days          = 7
}

resource "aws_cloudwatch_event_rule" "pipeline_failed" {
  name = "${local.name}-pipeline-failed"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Action Execution State Change"]
    detail      = { pipeline = [module.delivery.pipeline_name, module.delivery.rescan_pipeline_name], state = ["FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "pipeline_failed" {
  rule = aws_cloudwatch_event_rule.pipeline_failed.name
  arn  = module.notification.topic_arn
}

# --- The database ---

resource "aws_db_subnet_group" "this" {
  name       = local.name
  subnet_ids = module.network.subnet_ids["database"]
}

resource "aws_rds_cluster" "this" {
  cluster_identifier          = local.name
  engine                      = "aurora-postgresql"
  engine_version              = "18"
  database_name               = "shop"
  master_username             = "shop"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.this.name
  vpc_security_group_ids      = [aws_security_group.this.id]
  storage_encrypted           = true
  skip_final_snapshot         = true

  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 1
  }
}

resource "aws_rds_cluster_instance" "this" {
  identifier         = "${local.name}-1"
  cluster_identifier = aws_rds_cluster.this.id
  engine             = aws_rds_cluster.this.engine
  instance_class     = "db.serverless"
}

# --- The service ---

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each           = toset(["task", "execution"])
  name               = "${local.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  role = aws_iam_role.this["execution"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
        "kms:Decrypt", "logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue",
      ]
      Resource = "*"
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/shop/web"
  retention_in_days = 7
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = { web = null, migrate = ["python3", "migrate.py"] }
  family                   = "${local.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.this["task"].arn
  execution_role_arn       = aws_iam_role.this["execution"].arn
  skip_destroy             = true

  container_definitions = jsonencode([merge(
    {
      name         = "web"
      image        = module.repository.image
      portMappings = [{ containerPort = local.port }]
      environment  = [{ name = "DATABASE_HOST", value = aws_rds_cluster.this.endpoint }]
      secrets      = [{ name = "DATABASE_PASSWORD", valueFrom = "${aws_rds_cluster.this.master_user_secret[0].secret_arn}:password::" }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = "ap-northeast-1"
          awslogs-stream-prefix = each.key
        }
      }
    },
    each.value == null ? {} : { command = each.value },
  )])
}

resource "aws_security_group" "this" {
  name   = local.name
  vpc_id = module.network.vpc_id

  ingress {
    from_port   = 0
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = module.network.endpoint_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_ecs_service" "web" {
  name                              = "${local.name}-web"
  cluster                           = module.cluster.arn
  task_definition                   = aws_ecs_task_definition.this["web"].arn
  desired_count                     = 3
  health_check_grace_period_seconds = 2

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.errors.alarm_name]
  }

  network_configuration {
    subnets         = module.network.subnet_ids["app"]
    security_groups = [aws_security_group.this.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "web"
    container_port   = local.port
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-web-5xx"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.web.arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
}

resource "aws_lb" "this" {
  name            = local.name
  subnets         = module.network.subnet_ids["ingress"]
  security_groups = [aws_security_group.this.id]
}

resource "aws_lb_target_group" "web" {
  name                 = "${local.name}-web"
  vpc_id               = module.network.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = local.port
  deregistration_delay = 30 # it ends with the last request in flight; on a busy machine that may be late

  health_check {
    path                = "/healthcheck"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
