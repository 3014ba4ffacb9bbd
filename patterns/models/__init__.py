"""Rows of interactions, patterns, their history and their hourly sums."""

from patterns.models.hours import PatternHour as PatternHour
from patterns.models.hours import ProjectHour as ProjectHour
from patterns.models.interactions import FailedRecord as FailedRecord
from patterns.models.interactions import Feedback as Feedback
from patterns.models.interactions import InteractionQuerySet as InteractionQuerySet
from patterns.models.interactions import ModelInteraction as ModelInteraction
from patterns.models.interactions import Payload as Payload
from patterns.models.interactions import PayloadDictionary as PayloadDictionary
from patterns.models.interactions import StorageUse as StorageUse
from patterns.models.learner import LateJudgement as LateJudgement
from patterns.models.learner import Learner as Learner
from patterns.models.patterns import Operation as Operation
from patterns.models.patterns import Pattern as Pattern
from patterns.models.patterns import PatternEvent as PatternEvent
from patterns.models.patterns import PatternQuerySet as PatternQuerySet
from patterns.models.shared_words import SharedWords as SharedWords
from patterns.models.tag_blocks import TagBlock as TagBlock
