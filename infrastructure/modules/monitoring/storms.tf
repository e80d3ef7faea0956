# One cause raises many alarms. Two composite alarms tell once for all that visitors may notice behind the load
# balancer, and while there is an outage, only that is told.

locals {
  outage_alarms   = [for program in keys(var.services) : "${program}-down"]
  degraded_alarms = concat(["load-balancer-5xx"], flatten([for program in keys(var.services) : ["${program}-5xx", "${program}-latency", "${program}-unhealthy"]]))

  # A composite alarm's children do not tell themselves.
  topic_arns = {
    for name in keys(local.alarms) :
    name => contains(concat(local.outage_alarms, local.degraded_alarms), name) ? [] : [module.notification.topic_arn]
  }

  alarm_is_on = { for name in concat(local.outage_alarms, local.degraded_alarms) : name => "ALARM(\"${aws_cloudwatch_metric_alarm.this[name].alarm_name}\")" }
}

resource "aws_cloudwatch_composite_alarm" "outage" {
  alarm_name        = "${var.name}-outage"
  alarm_description = "[page] Visitors get errors: a program is down, or the month's budget of ${format("%.4g", 100 - var.objectives.availability_percent)} % failed requests is being used up too fast. Begin with the alarms that the message names.${local.runbook["outage"]}"
  alarm_rule        = join(" OR ", concat([for name in local.outage_alarms : local.alarm_is_on[name]], [local.burn_rules["availability"]]))
  alarm_actions     = [module.notification.topic_arn]
  ok_actions        = [module.notification.topic_arn]
}

# Its message waits for 2 minutes, in which an outage may begin.
resource "aws_cloudwatch_composite_alarm" "degraded" {
  alarm_name        = "${var.name}-degraded"
  alarm_description = "[ticket] Some requests fail or are slow, or a task is missing or not healthy. Begin with the alarms that the message names; another one that joins them is not told again.${local.runbook["degraded"]}"
  alarm_rule        = join(" OR ", concat([for name in local.degraded_alarms : local.alarm_is_on[name]], [for alarm in aws_cloudwatch_metric_alarm.tasks : "ALARM(\"${alarm.alarm_name}\")"], [local.burn_rules["latency"]]))
  alarm_actions     = [module.notification.topic_arn]
  ok_actions        = [module.notification.topic_arn]

  actions_suppressor {
    alarm            = aws_cloudwatch_composite_alarm.outage.alarm_name
    wait_period      = 120
    extension_period = 180
  }
}
