# Where the sample's service is written; nobody evaluates this.
resource "aws_ecs_service" "app" {
  name = "app"
}
