extension InterpretiveFamily {
    /// An action and five texts about it, as they are wanted.
    struct Example: Sendable {
        let action: String
        let texts: [String]
    }

    /// Worked examples; the actions are in none of the usual data sets, so that no class gets its texts from here.
    var examples: [Example] {
        zip(["drawing the curtains", "wringing out a cloth", "climbing over a fence"], texts).map(Example.init)
    }

    private var texts: [[String]] {
        switch self {
        case .decomposition: Self.decompositionTexts
        case .bodyParts: Self.bodyPartTexts
        case .synonyms: Self.synonymTexts
        case .scene: Self.sceneTexts
        }
    }

    private static let decompositionTexts = [
        [
            "walking up to a window, reaching for both curtains, gripping the cloth and pulling the two halves together",
            "taking hold of the edge of the fabric, sweeping the arm sideways, sliding the cloth along its rail until the window is"
                + " covered",
            "standing in front of the glass, lifting both arms, closing the fists around the hems, bringing the hands together",
            "stepping to one side, tugging the first curtain across, stepping to the other side, tugging the second one to meet it",
            "grasping a cord beside the window, pulling it down hand over hand while the curtains move towards each other",
        ],
        [
            "lifting a wet cloth out of a bucket, folding it once, twisting its ends in opposite directions, letting the water run"
                + " out",
            "gripping a dripping towel with two hands, turning one forwards and the other backwards, tightening the cloth into a"
                + " rope",
            "dipping a rag in water, raising it with both hands, squeezing it into a roll, twisting it hard, shaking it open",
            "holding the cloth over a basin, turning the wrists against each other, moving the hands along it and twisting again",
            "picking up a soaked cloth, pressing it between the palms, winding it tight, laying it flat on the edge of the tub",
        ],
        [
            "running up to a fence, grabbing its top, pulling the body up, swinging one leg across and then the other, jumping"
                + " down",
            "placing a foot on the lower rail, stepping up, straddling the top bar, turning around, climbing down on the far side",
            "gripping the wire mesh, pushing a toe into it, rising step by step, rolling over the upper edge, dropping to the"
                + " ground",
            "leaning on the top rail, pushing off with the legs, lifting both knees over the bar sideways, landing on both feet",
            "holding on to a post, raising one leg onto the top, sliding over on the stomach, letting go of the post",
        ],
    ]

    private static let bodyPartTexts = [
        [
            "both arms rise to shoulder height and move towards each other, the fingers holding the cloth",
            "one hand closes around the hem, the elbow bends, and the forearm travels across the chest",
            "the shoulders turn with the arms as they spread and come together, the feet stay in place",
            "the head tilts up to the rail, the wrists twist, and the fingers pull the fabric",
            "the upper body leans sideways, the arm stretches over it, and the legs take a small step",
        ],
        [
            "the two fists turn against each other, one forwards and one backwards, the forearms tense",
            "both elbows bend and lift away from the body as the wrists twist the cloth",
            "the fingers curl tightly around the fabric, and the thumbs press down on it",
            "the upper body bends over the basin, the head is lowered, and the arms hang down to the hands",
            "the shoulders rise with the effort, the hands move along the cloth and close again",
        ],
        [
            "both hands hold the top bar, the arms straighten and press the trunk up, and one knee swings across",
            "one foot pushes off the ground, the other leg is lifted sideways to hip height",
            "the fingers hook into the mesh, the toes look for a hold, and arms and legs pull in turns",
            "the hips turn above the rail, the legs follow one after the other, and the back is bent forwards",
            "the knees bend on landing, the arms swing down, and the upper body straightens up again",
        ],
    ]

    private static let synonymTexts = [
        [
            "closing the curtains", "pulling the drapes shut", "covering a window with its curtains",
            "sliding the curtains together", "shutting out the light with drapes",
        ],
        [
            "squeezing the water out of a towel", "twisting a wet rag dry", "wringing a dishcloth",
            "pressing the water from a soaked cloth", "twisting a dripping cloth over a sink",
        ],
        [
            "scaling a fence", "clambering over a barrier", "getting across a fence by climbing",
            "vaulting a garden fence",
            "hopping over a railing",
        ],
    ]

    private static let sceneTexts = [
        [
            "a living room with a tall window, long curtains hanging from a rail, daylight falling on the floor",
            "a bedroom in the evening, a lamp on the night table, dark glass behind half-open drapes",
            "a hotel room with heavy drapes, a made bed and a view of the city through the window",
            "the corner of an office with a wide window, a desk, and pale fabric in bright sunlight",
            "the front of a stage, a red curtain hanging between the seats and the boards",
        ],
        [
            "a kitchen sink with a running tap, a bowl of soapy water, plates beside it",
            "a tiled bathroom floor, a bucket and a mop next to the tub",
            "a yard with a washing line, a basin on the grass, wet laundry in a basket",
            "a car standing in a driveway, a sponge on its roof, a bucket on the ground",
            "a utility room with a deep sink, a washing machine and shelves of cleaning things",
        ],
        [
            "a wooden fence between two gardens, bushes on one side and a lawn on the other",
            "a tall wire fence around a sports ground, floodlights and a running track behind it",
            "a field with cows, wooden posts, barbed wire and a path of trodden grass",
            "a building site with metal barriers, piles of sand and a yellow excavator",
            "a street at night, an iron railing in front of a park, the light of a lamp post",
        ],
    ]
}
