terraform {
  provider_meta "aws" {
    user_agent = ["example.com/worker"]
  }
}

variable "name" { type = string }
variable "cluster" { type = string }
variable "subnets" { type = list(string) }
variable "partition" { type = string }

variable "queue" {
  type = object({ retention = number, fifo = bool })
}

resource "aws_sqs_queue" "this" {
  name                      = var.queue.fifo ? "${var.name}.fifo" : var.name
  fifo_queue                = var.queue.fifo
  message_retention_seconds = var.queue.retention
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.task.name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.task.arn
  container_definitions    = templatefile("${path.module}/containers.json.tftpl", { queue = aws_sqs_queue.this.url })
}

resource "aws_ecs_service" "this" {
  name            = var.name
  cluster         = var.cluster
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 1
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = var.subnets
    assign_public_ip = true
  }
}

output "queue_url" {
  value = aws_sqs_queue.this.url
}
