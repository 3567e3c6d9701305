"""Chat templates in the manners of the families that one meets, each with the trait that breaks naive masks."""

# No system turn, strict alternation, the assistant is called "model", BOS written by the template.
STRICT = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('Conversation roles must alternate user/assistant') }}
{%- endif %}
{{- '<start_of_turn>' + ('model' if message['role'] == 'assistant' else 'user') + '\n' }}
{{- message['content'] | trim + '<end_of_turn>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"""

# Reasoning is kept after the last question and dropped before it; tools and calls have words of their own.
REASONING = """{%- if tools %}
{{- '<|im_start|>system\nTools:\n' }}
{%- for tool in tools %}{{ tool | tojson + '\n' }}{% endfor %}
{{- '<|im_end|>\n' }}
{%- endif %}
{%- set state = namespace(last=0) %}
{%- for message in messages %}{% if message.role == 'user' %}{% set state.last = loop.index0 %}{% endif %}{% endfor %}
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\n' }}
{%- if message.role == 'assistant' and loop.index0 > state.last %}
{{- '<think>\n' + (message.reasoning_content or '') + '\n</think>\n\n' }}
{%- endif %}
{{- message.content }}
{%- for call in message.tool_calls or [] %}
{{- '\n<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' + call.function.arguments | tojson + '}\n' }}
{{- '</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""

# Generation opens with <think>, training text does not hold it.
OPENS_THINKING = """{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}
{%- if message['role'] == 'assistant' %}{{ message['content'].split('</think>')[-1] }}
{%- else %}{{ message['content'] }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"""

# The last answer is closed by one more token than the others, and arguments must come as JSON text.
CLOSES_TWICE = """{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}
{%- for call in message['tool_calls'] or [] %}{{ '[' + call['function']['name'] }}
{{- call['function']['arguments'] + ']' }}{% endfor %}{{ '<|end|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ '<|endoftext|>' }}{% endif %}"""

# No token ends an answer at all.
ENDLESS = """{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"""

# Says only the last answer.
FORGETFUL = """{% for message in messages %}
{%- if message['role'] == 'user' or loop.last %}{{ '<|im_start|>' + message['role'] + '\n' }}
{{- message['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""

# Marks what the assistant says, as templates for training do, and wants ids of nine letters for calls.
MARKED = """{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}
{%- if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}
{%- for call in message['tool_calls'] or [] %}
{%- if call['id'] is not defined or call['id'] | length != 9 %}{{ raise_exception('ids of length 9') }}{% endif %}
{{- call['function'] | tojson + call['id'] }}{% endfor %}{{ '<|im_end|>' }}{% endgeneration %}{{ '\n' }}
{%- else %}{{ message['content'] + (message['tool_call_id'] or '') + '<|im_end|>\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
