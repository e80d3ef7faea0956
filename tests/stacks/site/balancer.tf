# It has the port after that of the first distribution.
resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  availability_zone = "eu-west-1${["a", "b"][count.index]}"
  cidr_block        = "10.0.${count.index}.0/24"
}

resource "aws_security_group" "this" {
  name   = "balancer"
  vpc_id = aws_vpc.this.id
}

resource "aws_lb" "this" {
  name            = "web"
  internal        = true
  subnets         = aws_subnet.this[*].id
  security_groups = [aws_security_group.this.id]
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "balanced"
      status_code  = "200"
    }
  }
}
