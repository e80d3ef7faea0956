"""Metrics, alarms and events: what is measured, who is told, and when.

metric   what is measured, aggregated and kept
math     expressions over metrics
alarm    pure evaluation, composite rules, states and history
"""
