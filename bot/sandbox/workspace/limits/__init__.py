"""Slack's limits for what an app shows: views, messages and their blocks.

`problems` lists everything that Slack would refuse, each with the JSON pointer that Slack names in
``response_metadata.messages``. Sources: Slack's reference pages on blocks, elements, composition objects and views.
"""

from bot.sandbox.workspace.limits.checks import Problem
from bot.sandbox.workspace.limits.surfaces import option_problems, problems

__all__ = ["Problem", "option_problems", "problems"]
