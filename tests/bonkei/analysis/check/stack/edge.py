"""CloudFront, its load balancer and the web ACL."""

from __future__ import annotations

from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources

ALB_ARN = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/front/1"


TARGETS_ARN = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/app/1"


def edge() -> Resources:
    header = {
        "field_to_match": [{"single_header": [{"name": "x-origin"}]}],
        "positional_constraint": "EXACTLY",
        "search_string": "s3cret",
        "text_transformation": [{"priority": 0, "type": "NONE"}],
    }
    return {
        "aws_cloudfront_distribution.this": {
            "arn": "arn:aws:cloudfront::123456789012:distribution/E1",
            "id": "E1",
            "domain_name": "d1.cloudfront.net",
            "origin": [
                {
                    "origin_id": "alb",
                    "domain_name": "front.elb.amazonaws.com",
                    "custom_header": [{"name": "X-Origin", "value": "s3cret"}],
                }
            ],
            "default_cache_behavior": [
                {
                    "target_origin_id": "alb",
                    "viewer_protocol_policy": "redirect-to-https",
                    "allowed_methods": ["GET", "HEAD"],
                    "cached_methods": ["GET", "HEAD"],
                    "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                }
            ],
        },
        "aws_lb.this": {
            "arn": ALB_ARN,
            "name": "front",
            "dns_name": "front.elb.amazonaws.com",
            "idle_timeout": 60,
            "security_groups": ["sg-alb"],
            "subnets": ["subnet-ingress"],
        },
        "aws_lb_listener.this": {
            "arn": "listener",
            "load_balancer_arn": ALB_ARN,
            "port": 80,
            "protocol": "HTTP",
            "default_action": [{"type": "forward", "target_group_arn": TARGETS_ARN}],
        },
        "aws_lb_target_group.app": {
            "arn": TARGETS_ARN,
            "name": "app",
            "port": 8000,
            "protocol": "HTTP",
            "target_type": "ip",
        },
        "aws_wafv2_web_acl.this": {
            "arn": "acl",
            "name": "front",
            "scope": "REGIONAL",
            "default_action": [{"block": [{}]}],
            "rule": [
                {
                    "name": "header",
                    "priority": 0,
                    "action": [{"allow": [{}]}],
                    "statement": [{"byte_match_statement": [header]}],
                }
            ],
        },
        "aws_wafv2_web_acl_association.this": {"web_acl_arn": "acl", "resource_arn": ALB_ARN},
    }
