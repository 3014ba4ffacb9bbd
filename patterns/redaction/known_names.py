"""Names that SDKs of models define: they say how something is sent, and nothing of what is said."""

from __future__ import annotations

import re

from patterns.engine.text.dialects.request import CALL_SETTINGS

_KEYS = """
    messages role content parts text system systemPrompt system_prompt preamble prompt inputs message
    query_text chat_history conversation_id documents instructions input contents systemInstruction
    system_instruction type id name arguments args params tool_input kwargs function function_call
    functionCall tool_call tool_calls toolCall call call_id tool tool_name toolName tool_call_id tool_use
    toolUse tool_use_id toolUseId tool_result toolResult function_response functionResponse
    function_call_output method action input_text output_text refusal image image_url input_image
    input_audio audio audio_url video video_url file input_file document media inline_data inlineData
    file_data fileData source data url media_type mime_type mimeType mediaType functionDeclarations
    function_declarations toolSpec description properties required items enum schema json_schema strict
    output choices index finish_reason stop_reason delta annotations cache_control status summary
    thinking signature reasoning lc output_config encoding_format dimensions embedding
"""
KEYS = frozenset(_KEYS.split()) | CALL_SETTINGS
# Under these keys a value is one of an SDK's own words.
TYPED = frozenset({"role", "type", "finish_reason", "stop_reason", "status", "media_type"})
_VALUES = """
    system developer user human assistant ai model bot tool function text image_url input_text
    output_text input_image input_audio image audio video file document tool_use tool_result tool_calls
    tool_call message refusal thinking function_call function_call_output reasoning object array string
    number integer boolean null stop length end_turn max_tokens stop_sequence content_filter base64 url
    ephemeral json_object json_schema auto none required any minimal low medium high xhigh default flex
    priority standard enabled disabled true false completed incomplete in_progress
    image/png image/jpeg image/webp image/gif application/pdf audio/wav audio/mp3
"""
VALUES = frozenset(_VALUES.split())
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,63}")
