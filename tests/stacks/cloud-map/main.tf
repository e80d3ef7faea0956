provider "aws" {
  region = "eu-west-1"
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name = "shop.internal"
  vpc  = aws_vpc.this.id
}

resource "aws_service_discovery_service" "api" {
  name = "api"
  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.this.id
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

resource "aws_service_discovery_http_namespace" "this" {
  name = "shop"
}

resource "aws_service_discovery_service" "web" {
  name         = "web"
  namespace_id = aws_service_discovery_http_namespace.this.id
}

resource "aws_ecs_cluster" "this" {
  name = "main"
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = { web = "api.shop.internal", api = "" }
  family                   = each.key
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name         = each.key
    image        = "example/${each.key}:1"
    command      = ["python", "main.py", each.value]
    portMappings = [{ containerPort = 8000 }]
    environment  = [{ name = "NAME", value = each.key }, { name = "OTHER_HOST", value = each.value }]
  }])
}

resource "aws_ecs_service" "api" {
  name            = "api"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this["api"].arn
  desired_count   = 2
  launch_type     = "FARGATE"
  service_registries {
    registry_arn = aws_service_discovery_service.api.arn
  }
  network_configuration {
    subnets          = aws_subnet.this[*].id
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = true
  }
}
