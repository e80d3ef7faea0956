provider "aws" {
  region = "eu-west-1"
}

resource "aws_efs_file_system" "this" {
  encrypted = true
}

resource "aws_efs_mount_target" "this" {
  count          = 2
  file_system_id = aws_efs_file_system.this.id
  subnet_id      = aws_subnet.this[count.index].id
}

resource "aws_efs_access_point" "uploads" {
  file_system_id = aws_efs_file_system.this.id
  posix_user {
    uid = 1000
    gid = 1000
  }
  root_directory {
    path = "/site/uploads"
    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "0755"
    }
  }
}

resource "aws_secretsmanager_secret" "this" {
  name = "shared/key"
}

resource "aws_iam_role" "execution" {
  name = "execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = aws_secretsmanager_secret.this.arn
    }]
  })
}

resource "aws_ecs_cluster" "this" {
  name = "main"
}

resource "aws_ecs_task_definition" "this" {
  family                   = "web"
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name         = "web"
    image        = "example/web:1"
    portMappings = [{ containerPort = 8000 }]
    environment  = [{ name = "UPLOADS", value = "/app/uploads" }]
    secrets      = [{ name = "KEY", valueFrom = aws_secretsmanager_secret.this.arn }]
    mountPoints = [
      { sourceVolume = "uploads", containerPath = "/app/uploads" },
      { sourceVolume = "all", containerPath = "/all", readOnly = true },
    ]
  }])
  volume {
    name = "uploads"
    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.this.id
      transit_encryption = "ENABLED"
      authorization_config {
        access_point_id = aws_efs_access_point.uploads.id
      }
    }
  }
  volume {
    name = "all"
    efs_volume_configuration {
      file_system_id = aws_efs_file_system.this.id
    }
  }
}
