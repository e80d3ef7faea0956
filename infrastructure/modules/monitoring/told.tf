# How an alarm is told: with its severity, and a link to its section of the runbook.

locals {
  # One section of the page is about the alarms of all programs, one about those of all database instances.
  alarm_programs = {
    for name in concat(keys(local.alarms), ["visitors-5xx", "database-n-memory", "outage", "degraded"], [for program in keys(var.services) : "${program}-tasks"]) :
    name => one([for program in keys(var.services) : program if startswith(name, "${program}-")])
  }

  sections = merge(
    {
      for name, program in local.alarm_programs :
      name => program == null ? replace(name, "/-[0-9]+-/", "-n-") : join("-", [for each in keys(var.services) : "${each}${trimprefix(name, program)}"])
    },
    { for name, alarm in local.burn_alarms : name => join("-", [for each in keys(local.burn_alarms) : each if startswith(each, alarm.objective)]) },
  )

  runbook = { for name, section in local.sections : name => var.runbook_url == null ? "" : " What to do: ${var.runbook_url}#${section}" }

  # Slack's message begins with the severity, which it takes from here: CloudWatch's notification has no tags.
  # page: visitors notice it now. ticket: it can wait for working hours.
  descriptions = {
    for name, alarm in local.alarms :
    name => "[${lookup(alarm, "severity", local.alarm_defaults.severity)}] ${alarm.description}${local.runbook[name]}"
  }
}
