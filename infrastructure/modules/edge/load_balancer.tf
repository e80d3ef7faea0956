# The Application Load Balancer: requests only from CloudFront, to the services by path.

data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

# The security group rules towards the targets are in module service.
resource "aws_security_group" "load_balancer" {
  name        = "${var.name}-load-balancer"
  description = "Load balancer: from CloudFront, to the services"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-load-balancer" }
}

# CloudFront's prefix list is for its VPC origins, too. Their own security group exists only once the
# first VPC origin of the VPC is made.
resource "aws_vpc_security_group_ingress_rule" "load_balancer_from_cloudfront" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "From CloudFront"
  ip_protocol       = "tcp"
  from_port         = local.listener_port
  to_port           = local.listener_port
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront.id
}

# Public, because CloudFront comes from the internet, or internal, as its VPC origin. It serves no other
# client. Each form has a name of its own, so that a change of the form makes the new one first: no name of
# another environment has two hyphens. The access log's bucket knows both names.
#trivy:ignore:AWS-0053
resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_150:the environment decides about protection; production has it
  #checkov:skip=CKV2_AWS_76:the web ACL has the rule group, in module web_acl
  name                       = var.internal ? "${var.name}--internal" : var.name
  load_balancer_type         = "application"
  internal                   = var.internal
  subnets                    = var.subnet_ids
  security_groups            = [aws_security_group.load_balancer.id]
  idle_timeout               = 60
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = var.deletion_protection

  dynamic "access_logs" {
    for_each = var.access_log_bucket == null ? [] : [var.access_log_bucket]

    content {
      enabled = true
      bucket  = access_logs.value
      prefix  = "load-balancer"
    }
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  resource_arn = aws_lb.this.arn
  web_acl_arn  = var.web_acl_arn
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; behind it is only the VPC
  for_each = local.target_groups

  name                          = "${var.name}-${each.key}"
  vpc_id                        = var.vpc_id
  target_type                   = "ip"
  protocol                      = "HTTP"
  port                          = each.value.port
  deregistration_delay          = each.value.deregistration_delay
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = each.value.health_check_path
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

# Without a domain there is no certificate for HTTPS. Then only CloudFront's addresses have access.
#trivy:ignore:AWS-0054
resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = local.listener_port
  protocol          = local.listener_protocol
  certificate_arn   = local.has_domain ? module.domain[0].load_balancer_certificate_arn : null
  ssl_policy        = local.has_domain ? "ELBSecurityPolicy-TLS13-1-2-2021-06" : null

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[local.default_target].arn
  }
}

# Deployments that shift requests write the weights. The listener's default action has no weights that ECS
# could write, so the default target has a rule, too.
resource "aws_lb_listener_rule" "this" {
  for_each = var.shifting ? var.targets : local.routed_targets

  listener_arn = aws_lb_listener.this.arn
  priority     = coalesce(each.value.priority, 49999) + (var.shifting ? 1 : 0)

  condition {
    path_pattern {
      values = length(each.value.path_patterns) > 0 ? each.value.path_patterns : ["*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = var.shifting ? null : aws_lb_target_group.this[each.key].arn

    dynamic "forward" {
      for_each = var.shifting ? [1] : []

      content {
        target_group {
          arn    = aws_lb_target_group.this[each.key].arn
          weight = 100
        }

        target_group {
          arn    = aws_lb_target_group.this["${each.key}2"].arn
          weight = 0
        }
      }
    }
  }

  lifecycle {
    ignore_changes        = [action]
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.shifting]
  }
}

# Another way of deployments makes the rules anew, under another priority: each path always has one.
resource "terraform_data" "shifting" {
  input = var.shifting
}
