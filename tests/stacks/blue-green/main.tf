provider "aws" {
  region = "eu-west-1"
}

data "aws_vpc" "default" { default = true }

data "aws_subnets" "default" {}

resource "aws_lb" "this" {
  name    = "web"
  subnets = data.aws_subnets.default.ids
}

resource "aws_lb_target_group" "this" {
  for_each    = toset(["blue", "green"])
  name        = each.key
  port        = 8000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = data.aws_vpc.default.id
  health_check {
    interval          = 5
    healthy_threshold = 2
  }
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  default_action {
    type = "fixed-response"
    fixed_response { content_type = "text/plain" }
  }
}

resource "aws_lb_listener_rule" "this" {
  listener_arn = aws_lb_listener.this.arn
  condition {
    path_pattern { values = ["*"] }
  }
  action {
    type = "forward"
    forward {
      dynamic "target_group" {
        for_each = { blue = 100, green = 0 }
        content {
          arn    = aws_lb_target_group.this[target_group.key].arn
          weight = target_group.value
        }
      }
    }
  }
  lifecycle { ignore_changes = [action] }
}
